//! Who runs the server. PostgreSQL refuses to run as root, so root hands it to an unprivileged user.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::error::Error;
use super::find;

/// The user whose processes and files the server's are.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    pub uid: u32,
    gid: u32,
    pub name: String,
    /// We are root and become this user.
    changes: bool,
}

impl Owner {
    /// Ourselves; as root the owner of the existing cluster, else `postgres`, else `nobody`.
    pub fn choose(cluster: &Path) -> Result<Self, Error> {
        let made_by = fs::metadata(cluster).ok();
        let ourselves = rustix::process::geteuid();
        if !ourselves.is_root() {
            if made_by.is_some_and(|made_by| made_by.uid() != ourselves.as_raw()) {
                return Err(Error::Foreign { cluster: cluster.to_path_buf() });
            }
            let gid = rustix::process::getegid().as_raw();
            return Ok(Self { uid: ourselves.as_raw(), gid, name: "this user".to_owned(), changes: false });
        }
        if let Some(made_by) = made_by.filter(|made_by| made_by.uid() != 0) {
            let (uid, gid) = (made_by.uid(), made_by.gid());
            return Ok(Self { uid, gid, name: format!("#{uid}"), changes: true });
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let found = ["postgres", "nobody"].into_iter().find_map(|name| ids(&users, name).map(|ids| (name, ids)));
        let (name, (uid, gid)) = found.ok_or(Error::NoUser)?;
        Ok(Self { uid, gid, name: name.to_owned(), changes: true })
    }

    /// A command that runs as this user, in a folder that it may enter, and with nothing of our environment.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = find::command(program);
        command.current_dir("/").env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").env("TZ", "UTC");
        if self.changes {
            // The standard library also gives up root's supplementary groups when a user is set.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Makes `path` belong to this user.
    pub fn give(&self, path: &Path) -> Result<(), Error> {
        if !self.changes {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid)).map_err(Error::io("hand over", path))
    }

    /// May this user pass through `folder`? Asked of the system itself, so access lists count as well.
    pub fn can_enter(&self, folder: &Path) -> Result<bool, Error> {
        let mut probe = self.command(Path::new("/bin/sh"));
        probe.args(["-c", "cd -- \"$1\"", "sh"]).arg(folder).stdout(Stdio::null()).stderr(Stdio::null());
        let entered: io::Result<bool> = probe.status().map(|status| status.success());
        entered.map_err(Error::io("change user to enter", folder))
    }
}

/// User and group id of `name`, from the text of `/etc/passwd`.
fn ids(users: &str, name: &str) -> Option<(u32, u32)> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next()? == name;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        found.then_some((uid, gid))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_the_user_table() {
        let users = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65533::/:/bin/false\nbroken\n";
        assert_eq!(ids(users, "nobody"), Some((65534, 65533)));
        assert_eq!(ids(users, "postgres"), None);
    }
}
