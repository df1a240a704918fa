//! References to secrets: the name of an environment variable or the path of a file (`security.md` CR-7).

use crate::Error;

/// Resolves references. `server` implements it; the error is a reason for people and never the value.
pub trait Secrets: Send + Sync {
    fn variable(&self, name: &str) -> Result<String, String>;
    fn file(&self, path: &str) -> Result<String, String>;
}

/// The product's own settings. A bundle that could name them could send them to an address of its choice.
const OWN_SETTINGS: [&str; 12] = [
    "MASTER_KEY",
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
    /// The secret without the line end that editors add. `None` when nothing is referred to.
    pub fn resolve(&self, secrets: &dyn Secrets) -> Result<Option<String>, Error> {
        let wrong = |end: &str, message: String| domain::ApiError::field(&format!("{}_{end}", self.field), message);
        let secret = match (self.env, self.file) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => Err(wrong("env", "name a variable or a file, not both".to_owned())),
            (Some(name), None) => variable(secrets, name).map_err(|message| wrong("env", message)),
            (None, Some(path)) => file(secrets, path).map_err(|message| wrong("file", message)),
        }?;
        let secret = secret.trim_end_matches(['\r', '\n']).to_owned();
        if secret.is_empty() {
            let end = if self.env.is_some() { "env" } else { "file" };
            return Err(wrong(end, "it is empty".to_owned()).into());
        }
        Ok(Some(secret))
    }
}

fn variable(secrets: &dyn Secrets, name: &str) -> Result<String, String> {
    let bare = name.strip_suffix("_FILE").unwrap_or(name);
    if OWN_SETTINGS.contains(&bare) || name.starts_with("OTEL_") {
        return Err(format!("{name} is a setting of the product itself and never a secret of a bundle"));
    }
    secrets.variable(name)
}

fn file(secrets: &dyn Secrets, path: &str) -> Result<String, String> {
    if std::path::Path::new(path).file_name().is_some_and(|name| name == MASTER_KEY_FILE) {
        return Err(format!("{MASTER_KEY_FILE} is a setting of the product itself and never a secret of a bundle"));
    }
    secrets.file(path)
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
    }

    fn resolve(env: Option<&str>, file: Option<&str>) -> Result<Option<String>, String> {
        let reference = Reference { field: "credential", env, file };
        reference.resolve(&Everything).map_err(|error| error.into_api().message)
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
}
