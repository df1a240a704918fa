//! The folders of one cluster: where its data lives, where its socket lives, and the lock that makes it ours.
//!
//! The path of a unix socket is limited to 107 bytes, so the socket never lives in the data folder. Its own folder has
//! a short name under `/tmp` and is open to the server's user alone.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::error::Error;
use super::guard::Launch;
use super::owner::Owner;
use super::{Event, Options};

const SHARED: &str = "/tmp";
/// For clusters of root whose data folder is closed to everybody else.
const ELSEWHERE: &str = "/var/lib/tallygate";

/// An opened place: the lock is held until this is dropped.
pub(super) struct Place {
    pub owner: Owner,
    /// The cluster itself, behind any link.
    pub cluster: PathBuf,
    pub socket_dir: PathBuf,
    /// Set when everything is deleted at the end.
    temporary: Option<PathBuf>,
    _lock: File,
}

impl Place {
    pub fn open(options: &Options) -> Result<Self, Error> {
        match &options.data_dir {
            Some(data_dir) => Self::kept(data_dir, options),
            None => Self::temporary(),
        }
    }

    fn kept(data_dir: &Path, options: &Options) -> Result<Self, Error> {
        make_folder(data_dir)?;
        let data_dir = fs::canonicalize(data_dir).map_err(Error::io("open", data_dir))?;
        let lock = lock(&data_dir)?;
        let mut cluster = cluster_of(&data_dir)?;
        let owner = Owner::choose(&cluster)?;
        let home = cluster.parent().unwrap_or(&data_dir);
        if !owner.can_enter(home)? {
            if cluster.exists() {
                return Err(Error::Closed { cluster, user: owner.name });
            }
            cluster = elsewhere(&data_dir)?;
            (options.on_event)(&Event::Moved { to: cluster.clone(), user: owner.name.clone() });
        }
        let socket_dir = socket_dir(&data_dir, &owner)?;
        Ok(Self { owner, cluster, socket_dir, temporary: None, _lock: lock })
    }

    fn temporary() -> Result<Self, Error> {
        let folder = Path::new(SHARED).join(format!("tallygate-{:016x}", random()?));
        DirBuilder::new().mode(0o700).create(&folder).map_err(Error::io("make", &folder))?;
        let cluster = folder.join("postgres");
        let owner = Owner::choose(&cluster)?;
        owner.give(&folder)?;
        let lock = lock(&folder)?;
        Ok(Self { owner, cluster, socket_dir: folder.clone(), temporary: Some(folder), _lock: lock })
    }

    /// The major version that made the cluster; `None` when there is none yet.
    pub fn made_by(&self) -> Result<Option<(PathBuf, u32)>, Error> {
        let path = self.cluster.join("PG_VERSION");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.trim().parse().ok().map(|major| (self.cluster.clone(), major))),
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::io("read", &path)(source)),
        }
    }

    pub fn launch(&self, programs: &Path, options: &Options) -> Launch {
        Launch {
            owner: self.owner.clone(),
            program: programs.join("postgres"),
            cluster: self.cluster.clone(),
            socket_dir: self.socket_dir.clone(),
            log: self.cluster.with_extension("log"),
            temporary: self.temporary.clone(),
            durability: options.durability,
            max_connections: options.max_connections,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Nothing is lost when one of these stays: the next start uses an empty socket folder again, and the guard of a
        // temporary cluster deletes it unless the server never started or did not end well.
        let _ = match &self.temporary {
            Some(folder) => fs::remove_dir_all(folder),
            None => fs::remove_dir(&self.socket_dir),
        };
    }
}

/// The cluster of a data folder, whether it exists or not, behind the link that `elsewhere` makes.
pub(super) fn cluster_of(data_dir: &Path) -> Result<PathBuf, Error> {
    let data_dir = fs::canonicalize(data_dir).map_err(Error::io("open", data_dir))?;
    let cluster = data_dir.join("postgres");
    Ok(fs::read_link(&cluster).map(|target| data_dir.join(target)).unwrap_or(cluster))
}

/// As root others may pass through, because the server's user must; what is inside has permissions of its own.
fn make_folder(folder: &Path) -> Result<(), Error> {
    let mode = if rustix::process::geteuid().is_root() { 0o711 } else { 0o700 };
    DirBuilder::new().recursive(true).mode(mode).create(folder).map_err(Error::io("make", folder))
}

/// A folder that the server's user may enter, linked from the data folder. The link travels with the data folder, so
/// moving that folder loses nothing, and a new data folder never meets an old cluster.
fn elsewhere(data_dir: &Path) -> Result<PathBuf, Error> {
    let home = Path::new(ELSEWHERE).join(format!("{:016x}", random()?));
    make_folder(&home)?;
    let cluster = home.join("postgres");
    let link = data_dir.join("postgres");
    symlink(&cluster, &link).map_err(Error::io("link", &link))?;
    Ok(cluster)
}

/// How long a lock that has just been given back may still look held: a process that is being started has a copy of every
/// open file until it becomes another program.
const LOCK_LINGERS: Duration = Duration::from_secs(1);
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Held as long as the owner lives; the kernel gives it back however the owner ends.
fn lock(data_dir: &Path) -> Result<File, Error> {
    let path = data_dir.join("postgres.lock");
    let opened = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = opened.map_err(Error::io("open", &path))?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if began.elapsed() < LOCK_LINGERS => thread::sleep(LOCK_PAUSE),
            Err(TryLockError::WouldBlock) => return Err(Error::InUse { data_dir: data_dir.to_path_buf() }),
            Err(TryLockError::Error(source)) => return Err(Error::io("lock", &path)(source)),
        }
    }
}

/// The same short name at every start. Anybody may have taken a name in `/tmp` before us, so a folder counts only when
/// it is a real folder of ours and closed to others; otherwise the next name is tried.
fn socket_dir(data_dir: &Path, owner: &Owner) -> Result<PathBuf, Error> {
    for attempt in 0..16_u8 {
        let mut hasher = DefaultHasher::new();
        (data_dir, owner.uid, attempt).hash(&mut hasher);
        let folder = Path::new(SHARED).join(format!("tallygate-{:016x}", hasher.finish()));
        if private_folder(&folder, owner)? {
            return Ok(folder);
        }
    }
    Err(Error::NoSocketFolder)
}

/// Makes `folder` for `owner` alone; false when somebody else has something there.
pub(super) fn private_folder(folder: &Path, owner: &Owner) -> Result<bool, Error> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {}
        Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(folder).map_err(Error::io("look at", folder))?;
            let ours = found.uid() == owner.uid || found.uid() == rustix::process::geteuid().as_raw();
            if !(found.is_dir() && ours && found.permissions().mode().trailing_zeros() >= 6) {
                return Ok(false);
            }
        }
        Err(source) => return Err(Error::io("make", folder)(source)),
    }
    owner.give(folder)?;
    Ok(true)
}

fn random() -> Result<u64, Error> {
    let source = Path::new("/dev/urandom");
    let mut bytes = [0; 8];
    File::open(source).and_then(|mut file| file.read_exact(&mut bytes)).map_err(Error::io("read", source))?;
    Ok(u64::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_others_can_write_is_not_used_for_the_socket() {
        let folder = Path::new(SHARED).join(format!("tallygate-test-{:016x}", random().unwrap()));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        let owner = Owner::choose(&folder.join("none")).unwrap();

        let used = private_folder(&folder, &owner).unwrap();

        fs::remove_dir(&folder).unwrap();
        assert!(!used);
    }

    #[test]
    fn a_lock_whose_owner_left_is_taken_when_the_last_copy_of_its_file_closes() {
        let folder = Path::new(SHARED).join(format!("tallygate-test-{:016x}", random().unwrap()));
        fs::create_dir(&folder).unwrap();
        let owner = lock(&folder).unwrap();
        // What a process that is being started has until it becomes another program.
        let copy = owner.try_clone().unwrap();
        drop(owner);
        let starting = thread::spawn(move || {
            thread::sleep(LOCK_PAUSE * 3);
            drop(copy);
        });

        let next = lock(&folder);

        starting.join().unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert!(next.is_ok(), "{next:?}");
    }

    #[test]
    fn a_link_in_the_place_of_the_socket_folder_is_not_followed() {
        let link = Path::new(SHARED).join(format!("tallygate-test-{:016x}", random().unwrap()));
        symlink("/var", &link).unwrap();
        let owner = Owner::choose(&link.join("none")).unwrap();

        let used = private_folder(&link, &owner).unwrap();

        fs::remove_file(&link).unwrap();
        assert!(!used);
    }
}
