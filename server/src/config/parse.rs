//! Reading one setting at a time and collecting what is wrong.

use std::{cell::RefCell, net::SocketAddr, path::PathBuf, time::Duration};

use auth::MasterKey;
use url::Url;

use super::Problems;

/// Looks settings up by name or through `NAME_FILE`, and remembers every problem.
pub struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: RefCell<Vec<(String, String)>>,
    files: Vec<PathBuf>,
}

impl<'a> Reader<'a> {
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, problems: RefCell::default(), files: Vec::new() }
    }

    pub fn problem(&mut self, name: &str, what: &str) {
        self.problems.borrow_mut().push((name.to_owned(), format!("{name} {what}")));
    }

    pub fn failed(&self, name: &str) -> bool {
        self.problems.borrow().iter().any(|(wrong, _)| wrong == name)
    }

    /// The value of `name`, or the trimmed content of the file that `NAME_FILE` names. Empty counts as unset.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let set = |name: &str| (self.lookup)(name).filter(|value| !value.trim().is_empty());
        let file_name = format!("{name}_FILE");
        match (set(name), set(&file_name)) {
            (Some(_), Some(_)) => {
                self.problem(name, &format!("and {file_name} are both set: keep one"));
                None
            }
            (Some(value), None) => Some(value),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(&path);
                self.files.push(PathBuf::from(path));
                match text {
                    Ok(text) => Some(text.trim().to_owned()),
                    Err(error) => {
                        self.problem(&file_name, &format!("names a file that cannot be read: {}", error.kind()));
                        None
                    }
                }
            }
            (None, None) => None,
        }
    }

    pub fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(name)?;
        parse(text.trim()).map_err(|what| self.problem(name, &what)).ok()
    }

    /// The files that settings were read from so far.
    pub fn files(&self) -> Vec<PathBuf> {
        self.files.clone()
    }

    pub fn finish(self) -> Result<(), Problems> {
        let problems = self.problems.into_inner();
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems.into_iter().map(|(_, line)| line).collect())) }
    }
}

pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "must be an address and a port, such as 127.0.0.1:3000".to_owned())
}

/// Several keys with commas between them.
pub fn master_keys(text: &str) -> Result<Vec<MasterKey>, String> {
    text.split(',').map(|key| MasterKey::parse(key).map_err(|error| error.to_string())).collect()
}

pub fn count(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "must be a whole number".to_owned())
}

/// `30s`, `5m` or plain seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let (digits, unit) = match text.strip_suffix('m') {
        Some(minutes) => (minutes, 60),
        None => (text.strip_suffix('s').unwrap_or(text), 1),
    };
    let number: u64 = digits.parse().map_err(|_| "must be a duration such as 30s or 5m".to_owned())?;
    Ok(Duration::from_secs(number.saturating_mul(unit)))
}

/// An http or https origin without path, query or user.
pub fn public_url(text: &str) -> Result<Url, String> {
    let wrong = || "must be the address people type, such as https://tallygate.example.com".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() || !bare || url.password().is_some() {
        return Err(wrong());
    }
    Ok(url)
}
