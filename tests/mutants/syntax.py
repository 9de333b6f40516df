"""The syntax of a source file."""
import tree_sitter
import tree_sitter_rust

RUST = tree_sitter.Language(tree_sitter_rust.language())


def parse(source):
    return tree_sitter.Parser(RUST).parse(source)


def nodes(tree):
    stack = [tree.root_node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children))
