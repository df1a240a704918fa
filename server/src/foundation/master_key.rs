//! The master keys of an embedded instance: `DATA_DIR/master.key`, one on each line, the newest first, readable by their owner
//! alone. The first is made at the first start; a rotation puts one before it. Which of them seals is no matter of their order:
//! see `rotation.rs`.
//!
//! Every change writes a whole file beside the old one and renames it: whoever is killed in between has lost no key.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use auth::MasterKey;
use domain::clock::Entropy;
use zeroize::Zeroizing;

/// The key that seals, and those that only open.
pub struct Keys {
    pub newest: MasterKey,
    pub older: Vec<MasterKey>,
}

impl Keys {
    /// The same keys, but the one with this id seals, if it is among them.
    pub fn sealing_with(mut self, id: [u8; 8]) -> Self {
        if let Some(place) = self.older.iter().position(|key| key.id() == id) {
            let sealing = self.older.remove(place);
            self.older.insert(0, std::mem::replace(&mut self.newest, sealing));
        }
        self
    }
}

fn place(data_dir: &Path) -> PathBuf {
    data_dir.join("master.key")
}

fn say(path: &Path, what: impl std::fmt::Display) -> String {
    format!("{}: {what}", path.display())
}

/// Reads the keys, or makes the first one at the first start. The error is a sentence for people.
pub fn of_data_dir(data_dir: &Path, entropy: &dyn Entropy) -> Result<Keys, String> {
    let path = place(data_dir);
    if let Some(keys) = read(&path)? {
        return Ok(keys);
    }
    let (newest, text) = MasterKey::generate(entropy).map_err(|error| say(&path, error))?;
    write(&path, &text).map_err(|error| say(&path, error))?;
    tracing::info!(path = %path.display(), "made a master key: back it up, stored credentials cannot be read without it");
    Ok(Keys { newest, older: Vec::new() })
}

/// Reads the keys of an instance that has some. Never makes one.
pub fn known(data_dir: &Path) -> Result<Keys, String> {
    let path = place(data_dir);
    read(&path)?.ok_or_else(|| say(&path, "is not there: put the master key back from your backup"))
}

/// Puts a new key before the others.
pub fn add(data_dir: &Path, entropy: &dyn Entropy) -> Result<(), String> {
    let path = place(data_dir);
    let _held = hold(&path)?;
    known(data_dir)?;
    let before = Zeroizing::new(fs::read_to_string(&path).map_err(|error| say(&path, error))?);
    let (_, fresh) = MasterKey::generate(entropy).map_err(|error| say(&path, error))?;
    let text = Zeroizing::new(format!("{}\n{}", *fresh, before.trim_end()));
    write(&path, &text).map_err(|error| say(&path, error))
}

/// Forgets all but the newest key, which has to have this id: what is known of it is not known of another one. Tells how many
/// are gone.
pub fn keep_newest(data_dir: &Path, id: [u8; 8]) -> Result<usize, String> {
    let path = place(data_dir);
    let _held = hold(&path)?;
    let keys = known(data_dir)?;
    if keys.newest.id() != id {
        return Err(say(&path, "has got another key meanwhile, so all of them stay"));
    }
    if keys.older.is_empty() {
        return Ok(0);
    }
    let all = Zeroizing::new(fs::read_to_string(&path).map_err(|error| say(&path, error))?);
    let newest = lines(&all).next().unwrap_or_default();
    write(&path, newest).map_err(|error| say(&path, error))?;
    Ok(keys.older.len())
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// `None`: there is no file. A file without a key is an error, and never a reason to make another one.
fn read(path: &Path) -> Result<Option<Keys>, String> {
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(say(path, error)),
    };
    let mut keys = Vec::new();
    for (number, line) in lines(&text).enumerate() {
        let key = MasterKey::parse(line).map_err(|error| say(path, format!("line {}: {error}", number + 1)))?;
        keys.push(key);
    }
    if keys.is_empty() {
        return Err(say(path, "is empty: put the master key back from your backup"));
    }
    let newest = keys.remove(0);
    Ok(Some(Keys { newest, older: keys }))
}

/// Two rotations at once would each forget the other's key.
fn hold(path: &Path) -> Result<File, String> {
    let lock = path.with_extension("lock");
    let open = || {
        let file = fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&lock)?;
        file.lock()?;
        Ok(file)
    };
    open().map_err(|error: io::Error| say(&lock, error))
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let draft = path.with_extension("draft");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    // The name is as precious as the text: without this a power cut may bring the old file back.
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::clock::SystemEntropy;

    fn ids(folder: &Path) -> Vec<[u8; 8]> {
        let keys = read(&place(folder)).unwrap().unwrap();
        std::iter::once(&keys.newest).chain(&keys.older).map(MasterKey::id).collect()
    }

    #[test]
    fn the_first_start_makes_a_key_that_later_ones_read() {
        let folder = tempfile::tempdir().unwrap();
        let made = of_data_dir(folder.path(), &SystemEntropy).unwrap();
        let read = of_data_dir(folder.path(), &SystemEntropy).unwrap();
        assert_eq!(made.newest.id(), read.newest.id());
        assert_eq!(fs::metadata(place(folder.path())).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_rotation_puts_a_key_before_the_others_and_its_end_forgets_them() {
        let folder = tempfile::tempdir().unwrap();
        assert!(add(folder.path(), &SystemEntropy).is_err(), "there is nothing to rotate");
        of_data_dir(folder.path(), &SystemEntropy).unwrap();
        let first = ids(folder.path());
        add(folder.path(), &SystemEntropy).unwrap();
        add(folder.path(), &SystemEntropy).unwrap();
        let three = ids(folder.path());
        assert_eq!((three.len(), three[2]), (3, first[0]));
        assert!(keep_newest(folder.path(), first[0]).is_err(), "it is not the newest one");
        assert_eq!(ids(folder.path()), three, "and nothing is forgotten");
        assert_eq!(keep_newest(folder.path(), three[0]), Ok(2));
        assert_eq!(ids(folder.path()), [three[0]]);
        assert_eq!(keep_newest(folder.path(), three[0]), Ok(0));
        assert_eq!(fs::metadata(place(folder.path())).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn only_the_first_start_makes_a_key() {
        let folder = tempfile::tempdir().unwrap();
        assert!(known(folder.path()).is_err_and(|why| why.contains("back from your backup")));
        assert!(keep_newest(folder.path(), [0; 8]).is_err());
        assert!(!place(folder.path()).exists());
    }

    #[test]
    fn any_of_the_keys_may_be_the_one_that_seals() {
        let folder = tempfile::tempdir().unwrap();
        of_data_dir(folder.path(), &SystemEntropy).unwrap();
        add(folder.path(), &SystemEntropy).unwrap();
        add(folder.path(), &SystemEntropy).unwrap();
        let [a, b, c] = ids(folder.path()).try_into().unwrap();
        for (id, expected) in [(a, [a, b, c]), (b, [b, a, c]), (c, [c, a, b]), ([0; 8], [a, b, c])] {
            let Keys { newest, older } = known(folder.path()).unwrap().sealing_with(id);
            let order: Vec<_> = std::iter::once(&newest).chain(&older).map(MasterKey::id).collect();
            assert_eq!(order, expected);
        }
    }

    #[test]
    fn a_file_without_a_good_key_refuses_to_start_and_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let good = "9f1c27d6508be34a7d2290c1fb6e83457ac0185de9364f72b1d85c3e0a964bf8";
        for (text, says) in [
            (String::new(), "is empty"),
            ("\n \n".to_owned(), "is empty"),
            ("short\n".to_owned(), "line 1: the master key must be 32 random bytes"),
            ("0".repeat(64), "line 1: the master key repeats"),
            (format!("{good}\nshort\n"), "line 2: the master key must be"),
        ] {
            fs::write(place(folder.path()), &text).unwrap();
            let error = of_data_dir(folder.path(), &SystemEntropy).err().unwrap();
            assert!(error.contains(says) && !error.contains("short"), "{text:?}: {error}");
            assert!(add(folder.path(), &SystemEntropy).is_err());
            assert_eq!(fs::read_to_string(place(folder.path())).unwrap(), text, "the file is as it was");
        }
    }
}
