//! The master key of an embedded instance: made once, kept in `DATA_DIR/master.key`, readable by its owner alone.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use auth::MasterKey;
use domain::clock::Entropy;

/// Reads the key, or makes one at the first start. The error is a sentence for people.
pub fn of_data_dir(data_dir: &Path, entropy: &dyn Entropy) -> Result<MasterKey, String> {
    let path = data_dir.join("master.key");
    let say = |what: String| format!("{}: {what}", path.display());
    match fs::read_to_string(&path) {
        Ok(text) => MasterKey::parse(text.trim()).map_err(|error| say(error.to_string())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let (key, text) = MasterKey::generate(entropy).map_err(|error| say(error.to_string()))?;
            write(&path, text.as_bytes()).map_err(|error| say(error.to_string()))?;
            tracing::info!(path = %path.display(), "made a master key: back it up, stored credentials cannot be read without it");
            Ok(key)
        }
        Err(error) => Err(say(error.to_string())),
    }
}

/// Written beside and renamed, so that a killed first start leaves no half key behind.
fn write(path: &Path, text: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension("draft");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&draft, path)
}
