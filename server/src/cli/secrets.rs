//! Where a bundle's secrets come from on the command line: any variable or file. That the product's own settings are never
//! among them is checked by `control::bundle` for names, for every source alike, and here for files (`security.md` CR-7).

use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use control::bundle::Secrets;

use crate::Config;

/// More than any secret has.
const LARGEST: u64 = 64 * 1024;

#[derive(Debug)]
pub struct FromShell {
    /// Nothing below these is for bundles: the product's own data, and what the kernel tells of processes, which is their
    /// environment as well.
    closed: Vec<PathBuf>,
    /// The files that settings are read from.
    own: Vec<PathBuf>,
}

impl FromShell {
    pub fn new(config: &Config) -> Self {
        // The embedded database may live elsewhere, behind a link.
        let closed = vec![config.data_dir.clone(), config.data_dir.join("postgres"), PathBuf::from("/proc")];
        Self { closed, own: config.own_files.clone() }
    }

    /// Is what has been opened one of the product's own files? Real paths are compared, so that no link leads there, and what
    /// they are on the disk, so that no second name does.
    fn is_own(&self, real: &Path, opened: &Metadata) -> bool {
        let is_closed =
            self.closed.iter().filter_map(|folder| folder.canonicalize().ok()).any(|own| real.starts_with(own));
        let is_same = |own: &Metadata| (own.dev(), own.ino()) == (opened.dev(), opened.ino());
        is_closed || self.own.iter().filter_map(|own| fs::metadata(own).ok()).any(|own| is_same(&own))
    }

    fn read(&self, path: &Path) -> io::Result<Option<String>> {
        let real = path.canonicalize()?;
        let mut file = File::open(&real)?;
        if self.is_own(&real, &file.metadata()?) {
            return Ok(None);
        }
        let mut text = String::new();
        match file.by_ref().take(LARGEST + 1).read_to_string(&mut text)? as u64 {
            ..=LARGEST => Ok(Some(text)),
            _ => Err(io::ErrorKind::FileTooLarge.into()),
        }
    }
}

impl Secrets for FromShell {
    fn variable(&self, name: &str) -> Result<String, String> {
        crate::config::variable(name).ok_or_else(|| "is not set in the environment".to_owned())
    }

    fn is_unset(&self, variable: &str) -> bool {
        crate::config::variable(variable).is_none()
    }

    fn file(&self, path: &str) -> Result<String, String> {
        match self.read(Path::new(path)) {
            Ok(Some(text)) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
            Ok(None) => Err("is one of the product's own files and never a secret of a bundle".to_owned()),
            Err(error) => Err(format!("cannot be read: {}", error.kind())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const KEY: &str = "9f1c27d6508be34a7d2290c1fb6e83457ac0185de9364f72b1d85c3e0a964bf8";

    /// A folder with a mounted master key, a data folder, and the settings that name them.
    fn world() -> (tempfile::TempDir, FromShell) {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("data")).unwrap();
        fs::create_dir(at("elsewhere")).unwrap();
        symlink(at("elsewhere"), at("data/postgres")).unwrap();
        for name in ["mounted", "data/anything", "elsewhere/pages"] {
            fs::write(at(name), KEY).unwrap();
        }
        // As secrets are mounted: the setting names a link.
        symlink(at("mounted"), at("mk")).unwrap();
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        let settings = [("MASTER_KEY_FILE", text(at("mk"))), ("DATA_DIR", text(at("data")))];
        let config = Config::read(|name| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone()));
        let secrets = FromShell::new(&config.unwrap());
        (folder, secrets)
    }

    #[test]
    fn no_file_of_a_setting_is_a_secret_of_a_bundle() {
        let (folder, secrets) = world();
        let at = |name: &str| folder.path().join(name);
        symlink(at("mk"), at("link")).unwrap();
        symlink("mk", at("relative")).unwrap();
        fs::hard_link(at("mounted"), at("second")).unwrap();
        for name in
            ["mk", "mounted", "link", "relative", "second", "data/anything", "data/../mk", "data/postgres/pages"]
        {
            let refused = secrets.file(at(name).to_str().unwrap());
            assert!(refused.as_ref().is_err_and(|why| why.contains("own files")), "{name}: {refused:?}");
        }
        assert!(secrets.file(at("elsewhere/pages").to_str().unwrap()).is_err());
    }

    #[test]
    fn what_the_kernel_tells_of_processes_is_no_secret_of_a_bundle() {
        let (folder, secrets) = world();
        let link = folder.path().join("innocent");
        symlink("/proc/self/environ", &link).unwrap();
        for path in ["/proc/self/environ", "/proc/self/../self/environ", link.to_str().unwrap()] {
            assert!(secrets.file(path).is_err_and(|why| why.contains("own files")), "{path}");
        }
    }

    #[test]
    fn any_other_file_is_read_without_its_line_end() {
        let (folder, secrets) = world();
        let path = folder.path().join("credential");
        fs::write(&path, "sk-1\r\n").unwrap();
        assert_eq!(secrets.file(path.to_str().unwrap()), Ok("sk-1".to_owned()));
        assert!(secrets.file("/nowhere/at/all").is_err_and(|why| why.starts_with("cannot be read")));
    }
}
