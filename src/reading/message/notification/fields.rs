//! The fields of a notice: groups of header-like lines with blank lines between them (RFC 3464, section 2.1).

use domain::defect::excerpt;

/// The fields of one group, their names in lower case, continuation lines joined.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Group(Vec<(String, String)>);

impl Group {
    /// The groups of a text, in order. What is no field is passed over.
    pub(super) fn all(text: &str) -> Vec<Self> {
        let mut groups = vec![Self::default()];
        for line in text.lines() {
            if line.trim().is_empty() {
                groups.push(Self::default());
            } else if let Some(group) = groups.last_mut() {
                group.take(line);
            }
        }
        groups.retain(|group| !group.0.is_empty());
        groups
    }

    fn take(&mut self, line: &str) {
        match (self.0.last_mut(), line.split_once(':')) {
            (Some((_, value)), _) if line.starts_with([' ', '\t']) => value.push_str(line),
            (_, Some((name, value))) => self.0.push((name.trim().to_ascii_lowercase(), value.trim().to_owned())),
            (_, None) => (),
        }
    }

    /// The values of the fields of this name.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The value of a field of the form `type; value`, its type left out, safe to repeat.
    pub(super) fn typed(&self, name: &str) -> Option<String> {
        let value = self.values(name).next()?;
        let bare = value.split_once(';').map_or(value, |(_, bare)| bare);
        Some(excerpt(bare.trim())).filter(|bare| !bare.is_empty())
    }
}
