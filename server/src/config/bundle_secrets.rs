//! What a bundle that comes from a browser may name: variables that begin with `TALLYGATE_SECRET_`, and no files. Otherwise an
//! admin could send any secret of the server to an address of their choice (`security.md` CR-7).

use std::{collections::BTreeMap, sync::Arc};

use control::bundle::Secrets;
use zeroize::Zeroizing;

const PREFIX: &str = "TALLYGATE_SECRET_";

/// Read once at start. Made of any variables: those without the prefix are left out. Cheap to clone.
#[derive(Clone, Default)]
pub struct BundleSecrets(Arc<BTreeMap<String, Zeroizing<String>>>);

impl FromIterator<(String, String)> for BundleSecrets {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        let own = variables.into_iter().filter(|(name, _)| name.starts_with(PREFIX));
        Self(Arc::new(own.map(|(name, value)| (name, Zeroizing::new(value))).collect()))
    }
}

impl Secrets for BundleSecrets {
    fn variable(&self, name: &str) -> Result<String, String> {
        if !name.starts_with(PREFIX) {
            return Err(format!("a bundle applied from the browser may name only {PREFIX}… variables"));
        }
        match self.0.get(name) {
            Some(value) => Ok(value.to_string()),
            None => Err("is not set in the environment of the server, which is read at its start".to_owned()),
        }
    }

    fn file(&self, _: &str) -> Result<String, String> {
        Err("a bundle applied from the browser may name no files: use a variable, or the command line".to_owned())
    }

    fn is_unset(&self, variable: &str) -> bool {
        variable.starts_with(PREFIX) && !self.0.contains_key(variable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_variables_that_are_meant_for_bundles_are_given_out() {
        let variables = [("TALLYGATE_SECRET_KEY", "sk-1"), ("MASTER_KEY", "canary"), ("HOME", "canary")];
        let secrets: BundleSecrets =
            variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert_eq!(secrets.variable("TALLYGATE_SECRET_KEY"), Ok("sk-1".to_owned()));
        for name in ["MASTER_KEY", "HOME", "TALLYGATE_SECRET_OTHER", "tallygate_secret_key", ""] {
            assert!(secrets.variable(name).is_err_and(|why| !why.contains("canary")), "{name}");
        }
        assert!(secrets.file("/etc/passwd").is_err());
        assert!(secrets.is_unset("TALLYGATE_SECRET_OTHER"));
        for name in ["TALLYGATE_SECRET_KEY", "HOME", "MASTER_KEY"] {
            assert!(!secrets.is_unset(name), "{name}: set, or not to be named");
        }
    }
}
