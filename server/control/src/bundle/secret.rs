//! References to secrets: the name of an environment variable or the path of a file (`security.md` CR-7).

use std::collections::HashMap;

use domain::ApiError;

/// Resolves references. `server` implements it; the error is a reason for people and never the value.
pub trait Secrets: Send + Sync {
    fn variable(&self, name: &str) -> Result<String, String>;
    fn file(&self, path: &str) -> Result<String, String>;

    /// Could this variable be named, and is there none? Then a secret that is stored already may stay.
    fn is_unset(&self, _variable: &str) -> bool {
        false
    }
}

/// What became of a reference.
pub struct Brought {
    /// `None`: nothing is referred to.
    pub secret: Result<Option<String>, ApiError>,
    /// It refers to a variable that is not set.
    pub is_unset: bool,
}

/// The product's own settings. A bundle that could name them could send them to an address of its choice.
const OWN_SETTINGS: [&str; 13] = [
    "MASTER_KEY",
    "MASTER_KEY_OLD",
    "DATABASE_URL",
    "DATA_DIR",
    "PUBLIC_URL",
    "LISTEN",
    "METRICS_LISTEN",
    "LEDGER_DURABILITY",
    "SITE_DIR",
    "SANDBOX",
    "TRUSTED_PROXIES",
    "SHUTDOWN_GRACE",
    "LOG",
];
/// The file that the embedded mode keeps its master key in.
const MASTER_KEY_FILE: &str = "master.key";

/// One secret as an entry refers to it: `<field>_env` or `<field>_file`, at most one of them.
#[derive(Clone, Copy)]
pub struct Reference<'a> {
    pub field: &'static str,
    pub env: Option<&'a str>,
    pub file: Option<&'a str>,
}

impl Reference<'_> {
    pub fn bring(&self, secrets: &dyn Secrets) -> Brought {
        let may_be_unset = |name: &str| own_setting(name).is_none() && secrets.is_unset(name);
        Brought { secret: self.resolve(secrets), is_unset: self.file.is_none() && self.env.is_some_and(may_be_unset) }
    }

    /// A refusal of the secret by the field that refers to it.
    pub fn refuse(&self, message: impl Into<String>) -> ApiError {
        ApiError::field(&format!("{}_{}", self.field, if self.env.is_some() { "env" } else { "file" }), message)
    }

    /// The secret without the line end that editors add. `None` when nothing is referred to.
    pub fn resolve(&self, secrets: &dyn Secrets) -> Result<Option<String>, ApiError> {
        let wrong = |end: &str, message: String| ApiError::field(&format!("{}_{end}", self.field), message);
        let secret = match (self.env, self.file) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => Err(wrong("env", "name a variable or a file, not both".to_owned())),
            (Some(name), None) => variable(secrets, name).map_err(|message| wrong("env", message)),
            (None, Some(path)) => file(secrets, path).map_err(|message| wrong("file", message)),
        }?;
        let secret = secret.trim_end_matches(['\r', '\n']).to_owned();
        if secret.is_empty() {
            return Err(self.refuse("it is empty"));
        }
        Ok(Some(secret))
    }
}

fn variable(secrets: &dyn Secrets, name: &str) -> Result<String, String> {
    own_setting(name).map_or_else(|| secrets.variable(name), Err)
}

/// Why a variable is none of a bundle's business.
fn own_setting(name: &str) -> Option<String> {
    let bare = name.strip_suffix("_FILE").unwrap_or(name);
    let is_own = OWN_SETTINGS.contains(&bare) || name.starts_with("OTEL_");
    is_own.then(|| format!("{name} is a setting of the product itself and never a secret of a bundle"))
}

fn file(secrets: &dyn Secrets, path: &str) -> Result<String, String> {
    if std::path::Path::new(path).file_name().is_some_and(|name| name == MASTER_KEY_FILE) {
        return Err(format!("{MASTER_KEY_FILE} is a setting of the product itself and never a secret of a bundle"));
    }
    secrets.file(path)
}

/// Variables for the secrets of these names: `TALLYGATE_SECRET_PROVIDER_LOCAL`.
///
/// Names that are spelled alike there all carry a digest of themselves instead: two of them must never share a variable, and
/// whoever joins them one day must not be given the variable that somebody has set for another.
pub fn variables<'a>(kind: &str, names: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
    let mut alike = HashMap::<String, usize>::new();
    for name in names.clone() {
        *alike.entry(spelled(name)).or_default() += 1;
    }
    let variable = |name: &str| {
        let plain = spelled(name);
        match alike.get(&plain) {
            Some(2..) => format!("TALLYGATE_SECRET_{kind}_{plain}_{}", mark(name)),
            _ => format!("TALLYGATE_SECRET_{kind}_{plain}"),
        }
    };
    names.map(variable).collect()
}

fn spelled(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// Begins with a small letter, so that no plain name reads the same.
fn mark(name: &str) -> String {
    let digest = auth::digest::of(name.as_bytes());
    let hex = digest.as_bytes().iter().take(6).map(|byte| format!("{byte:02x}"));
    std::iter::once("x".to_owned()).chain(hex).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Everything;

    impl Secrets for Everything {
        fn variable(&self, name: &str) -> Result<String, String> {
            match name {
                "EMPTY" => Ok("\n".to_owned()),
                "MISSING" => Err("the variable MISSING is not set".to_owned()),
                _ => Ok(format!("value of {name}\r\n")),
            }
        }

        fn file(&self, path: &str) -> Result<String, String> {
            Ok(format!("content of {path}\n"))
        }

        fn is_unset(&self, _: &str) -> bool {
            true
        }
    }

    fn resolve(env: Option<&str>, file: Option<&str>) -> Result<Option<String>, String> {
        let reference = Reference { field: "credential", env, file };
        reference.resolve(&Everything).map_err(|error| error.message)
    }

    #[test]
    fn variables_and_files_are_resolved_without_their_line_end() {
        assert_eq!(resolve(Some("MY_KEY"), None), Ok(Some("value of MY_KEY".to_owned())));
        assert_eq!(resolve(None, Some("/run/secrets/key")), Ok(Some("content of /run/secrets/key".to_owned())));
        assert_eq!(resolve(None, None), Ok(None));
    }

    #[test]
    fn the_products_own_settings_are_never_secrets_of_a_bundle() {
        for name in OWN_SETTINGS
            .iter()
            .map(|name| (*name).to_owned())
            .chain(["MASTER_KEY_FILE".to_owned(), "OTEL_X".to_owned()])
        {
            assert!(
                resolve(Some(&name), None).is_err_and(|message| message.contains("setting of the product")),
                "{name}"
            );
        }
        for path in ["master.key", "/var/lib/tallygate/master.key", "./x/../master.key"] {
            assert!(resolve(None, Some(path)).is_err(), "{path}");
        }
    }

    #[test]
    fn missing_empty_and_doubled_references_say_what_is_wrong() {
        assert_eq!(resolve(Some("MISSING"), None), Err("the variable MISSING is not set".to_owned()));
        assert_eq!(resolve(Some("EMPTY"), None), Err("it is empty".to_owned()));
        assert!(resolve(Some("A"), Some("b")).is_err());
    }

    #[test]
    fn only_a_variable_that_may_be_named_is_unset() {
        let is_unset = |env, file| Reference { field: "credential", env, file }.bring(&Everything).is_unset;
        assert!(is_unset(Some("MISSING"), None));
        for (env, file) in [(None, None), (Some("MASTER_KEY"), None), (Some("A"), Some("b")), (None, Some("b"))] {
            assert!(!is_unset(env, file), "{env:?} {file:?}");
        }
    }

    #[test]
    fn names_that_are_spelled_alike_share_no_variable() {
        let of = |names: &[&str]| variables("P", names.iter().copied());
        assert_eq!(of(&["a-b", "local"]), ["TALLYGATE_SECRET_P_A_B", "TALLYGATE_SECRET_P_LOCAL"]);
        let alike = of(&["a.b", "a-b", "local", "a_b"]);
        assert_eq!(alike[2], "TALLYGATE_SECRET_P_LOCAL");
        let different: std::collections::HashSet<&String> = alike.iter().collect();
        assert_eq!(different.len(), 4, "{alike:?}");
        assert!(!alike.contains(&"TALLYGATE_SECRET_P_A_B".to_owned()));
        // The same name has the same variable, whoever else is there.
        assert_eq!(of(&["a-b", "a.b"])[1], alike[0]);
    }
}
