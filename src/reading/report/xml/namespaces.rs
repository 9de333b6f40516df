//! From prefixes to namespaces (Namespaces in XML 1.0).

use std::borrow::Cow;
use std::ops::Range;

use super::fault::XmlFault;
use super::tag::{RawAttribute, RawTag};
use super::{Attribute, Name, Tag};

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// The declarations in force, innermost last.
#[derive(Default)]
pub(super) struct Namespaces<'a> {
    bindings: Vec<Binding<'a>>,
    depth: usize,
}

struct Binding<'a> {
    depth: usize,
    prefix: &'a str,
    uri: Cow<'a, str>,
}

impl<'a> Namespaces<'a> {
    /// Enters an element: takes its declarations and resolves its names.
    pub(super) fn enter(&mut self, tag: RawTag<'a>) -> Result<Tag<'a>, XmlFault> {
        self.depth += 1;
        for attribute in &tag.attributes {
            self.declare(attribute)?;
        }
        let name = self.element_name(tag.name, &tag.span)?;
        let mut attributes: Vec<Attribute<'a>> = Vec::with_capacity(tag.attributes.len());
        for raw in tag.attributes.into_iter().filter(|attribute| declared_prefix(attribute.name).is_none()) {
            let attribute = self.attribute(raw)?;
            if attributes.iter().any(|other| other.name == attribute.name) {
                let detail = "Cet attribut figure deux fois dans la même balise, sous deux préfixes.";
                return Err(XmlFault::malformed(attribute.span, detail));
            }
            attributes.push(attribute);
        }
        Ok(Tag { name, span: tag.span, attributes })
    }

    /// Leaves the innermost element.
    pub(super) fn leave(&mut self) {
        self.bindings.retain(|binding| binding.depth < self.depth);
        self.depth = self.depth.saturating_sub(1);
    }

    fn declare(&mut self, attribute: &RawAttribute<'a>) -> Result<(), XmlFault> {
        let Some(prefix) = declared_prefix(attribute.name) else { return Ok(()) };
        let uri = attribute.value.clone();
        let reserved = prefix == "xmlns" || uri == XMLNS || ((prefix == "xml") != (uri == XML));
        if reserved || (uri.is_empty() && !prefix.is_empty()) {
            let fault =
                XmlFault::malformed(attribute.span.clone(), "Cette déclaration d’espace de noms est interdite.");
            return Err(fault.found(attribute.name));
        }
        self.bindings.push(Binding { depth: self.depth, prefix, uri });
        Ok(())
    }

    fn element_name(&self, name: &'a str, span: &Range<usize>) -> Result<Name<'a>, XmlFault> {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        Ok(Name { namespace: self.resolve(prefix, span)?, local })
    }

    /// An attribute without prefix has no namespace, whatever the default one (section 6.2).
    fn attribute(&self, raw: RawAttribute<'a>) -> Result<Attribute<'a>, XmlFault> {
        let name = match raw.name.split_once(':') {
            Some(_) => self.element_name(raw.name, &raw.span)?,
            None => Name { namespace: Cow::Borrowed(""), local: raw.name },
        };
        Ok(Attribute { name, written: raw.name, value: raw.value, span: raw.span })
    }

    fn resolve(&self, prefix: &str, span: &Range<usize>) -> Result<Cow<'a, str>, XmlFault> {
        let binding = self.bindings.iter().rev().find(|binding| binding.prefix == prefix);
        match (binding, prefix) {
            (Some(binding), _) => Ok(binding.uri.clone()),
            (None, "") => Ok(Cow::Borrowed("")),
            (None, "xml") => Ok(Cow::Borrowed(XML)),
            (None, _) => {
                Err(XmlFault::malformed(span.clone(), "Ce préfixe n’est lié à aucun espace de noms.").found(prefix))
            }
        }
    }
}

/// The prefix that an attribute of this name declares; empty for the default namespace.
fn declared_prefix(name: &str) -> Option<&str> {
    if name == "xmlns" { Some("") } else { name.strip_prefix("xmlns:") }
}
