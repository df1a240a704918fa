//! Where a bundle's secrets come from on the command line: any variable or file. That the product's own settings are never
//! among them is checked by `control::bundle`, for every source alike (`security.md` CR-7).

use control::bundle::Secrets;

#[derive(Debug)]
pub struct FromShell;

impl Secrets for FromShell {
    fn variable(&self, name: &str) -> Result<String, String> {
        crate::config::variable(name).ok_or_else(|| "is not set in the environment".to_owned())
    }

    fn file(&self, path: &str) -> Result<String, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {}", error.kind()))?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}
