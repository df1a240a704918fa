//! Where a bundle's secrets come from on the command line: any variable or file. That the product's own settings are never
//! among them is checked by `control::bundle`, for every source alike (`security.md` CR-7).

use control::bundle::Secrets;

#[derive(Debug)]
pub struct FromShell {
    /// The folder of the product's own secrets.
    pub data_dir: std::path::PathBuf,
}

impl Secrets for FromShell {
    fn variable(&self, name: &str) -> Result<String, String> {
        crate::config::variable(name).ok_or_else(|| "is not set in the environment".to_owned())
    }

    fn file(&self, path: &str) -> Result<String, String> {
        // Real paths are compared, so that no link leads to the master key either.
        let own = self.data_dir.canonicalize().ok();
        let real =
            std::path::Path::new(path).canonicalize().map_err(|error| format!("cannot be read: {}", error.kind()))?;
        if own.is_some_and(|own| real.starts_with(own)) {
            return Err("is one of the product's own files".to_owned());
        }
        let text = std::fs::read_to_string(real).map_err(|error| format!("cannot be read: {}", error.kind()))?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}
