//! The formats known, chosen by the root element's qualified name: never by file name or MIME type.

use super::defects::Findings;
use super::model::ReportReading;
use super::native;
use super::xml::{Name, Tag, XmlFault, XmlReader};
use domain::defect::{Code, excerpt, nearest};

/// How documents of one root element are read into the common model.
pub(super) struct Adapter {
    namespace: &'static str,
    local: &'static str,
    /// The format's name in contracts: `disponibilites-1`.
    pub(super) format: &'static str,
    /// Reads what stands under the root into the reading, up to the root's end.
    pub(super) read:
        for<'a> fn(&mut XmlReader<'a>, &Tag<'a>, &mut ReportReading, &mut Findings<'_>) -> Result<(), XmlFault>,
}

const ADAPTERS: &[Adapter] =
    &[Adapter { namespace: native::NAMESPACE, local: native::ROOT, format: "disponibilites-1", read: native::read }];

/// The known formats, as `{namespace}local` of their root elements, for messages.
pub fn formats() -> impl Iterator<Item = String> {
    ADAPTERS.iter().map(|adapter| format!("{{{}}}{}", adapter.namespace, adapter.local))
}

/// Whether an element of this name is the root of a known format, should its namespace be right.
pub(super) fn is_root(local: &str) -> bool {
    ADAPTERS.iter().any(|adapter| adapter.local == local)
}

/// The adapter for documents with this root.
pub(super) fn adapter(root: &Name<'_>) -> Option<&'static Adapter> {
    ADAPTERS.iter().find(|adapter| adapter.namespace == root.namespace && adapter.local == root.local)
}

/// The fault of a root that no adapter reads.
pub(super) fn unknown(root: &Tag<'_>) -> XmlFault {
    let name = &root.name;
    let fault = XmlFault::new(Code::D05, root.span.clone(), difference(name));
    fault.found(name.to_string()).expected(formats().collect::<Vec<_>>().join(", "))
}

fn difference(root: &Name<'_>) -> String {
    let namesake = ADAPTERS.iter().find(|adapter| adapter.local == root.local);
    match (namesake, root.namespace.is_empty()) {
        (Some(known), true) => {
            format!(
                "L’élément « {} » ne porte pas d’espace de noms : ajoutez-lui xmlns=\"{}\".",
                root.local, known.namespace
            )
        }
        (Some(known), false) => {
            format!("L’élément « {} » est connu, mais dans l’espace de noms « {} ».", root.local, known.namespace)
        }
        (None, _) => {
            let meant = nearest(root.local, ADAPTERS.iter().map(|adapter| adapter.local));
            let meant = meant.map_or_else(|| ".".to_owned(), |name| format!(" : vouliez-vous dire « {name} » ?"));
            format!("L’élément racine « {} » n’est celui d’aucun format connu{meant}", excerpt(root.local))
        }
    }
}
