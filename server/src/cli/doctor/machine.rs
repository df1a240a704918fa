//! What this machine and the settings say, without the database.

use std::{fs, path::Path};

use super::Finding;
use crate::{
    config::{Config, Database},
    http::{public_origin::PublicOrigin, site::Site},
};

const GIB: u64 = 1024 * 1024 * 1024;
/// Below this an embedded database may soon stop, and below the other one it will.
const TIGHT: u64 = 2 * GIB;
const TOO_TIGHT: u64 = GIB / 4;

/// Is what people type safe to type?
pub fn public_url(config: &Config) -> Vec<Finding> {
    let origin = PublicOrigin::new(config.public_url.as_ref(), config.listen.port());
    let (check, url) = ("public url", origin.url());
    if origin.is_exposed() {
        let says = format!("{url} is plain http: passwords and keys travel in clear");
        return vec![Finding::warning(
            check,
            says,
            "put a proxy with a certificate in front, and set PUBLIC_URL to https://…",
        )];
    }
    let mut findings = Vec::new();
    if config.public_url.is_none() && !config.listen.ip().is_loopback() {
        let says = format!("LISTEN {} is open to the network, but only {url} may be typed", config.listen);
        findings.push(Finding::warning(check, says, "set PUBLIC_URL to the address people type"));
    }
    if origin.is_https() && config.trusted_proxies == 0 {
        let says =
            format!("{url} needs a proxy in front, but TRUSTED_PROXIES is 0: every caller has the proxy's address");
        findings.push(Finding::warning(check, says, "set TRUSTED_PROXIES to the number of proxies in front"));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(check, url));
    }
    findings
}

/// Are the browser files there?
pub fn site(config: &Config) -> Finding {
    match Site::open(config.site_dir.as_deref()) {
        Ok(site) if site.options().site_pkg_dir.trim_start_matches("pkg/").is_empty() => {
            Finding::failure("site", "the browser files name no version", "run `cargo xtask site`, or set SITE_DIR")
        }
        Ok(_) => Finding::ok("site", "browser files are there"),
        Err(error) => Finding::failure("site", error.to_string(), "the dashboard cannot be shown without them"),
    }
}

/// Is there room?
pub fn disk(data_dir: &Path) -> Finding {
    // Before the first start the folder is not there yet: what holds it will.
    let absolute = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    let Some(place) = absolute.ancestors().find(|place| place.exists()) else {
        return Finding::warning("disk", "DATA_DIR names no place", "set DATA_DIR to a folder that can be made");
    };
    match rustix::fs::statvfs(place) {
        Ok(room) => room_of(room.f_bavail.saturating_mul(room.f_frsize), data_dir),
        Err(error) => {
            Finding::warning("disk", format!("{}: {error}", place.display()), "check that DATA_DIR can be read")
        }
    }
}

fn room_of(free: u64, data_dir: &Path) -> Finding {
    let tenths = free / (GIB / 10);
    let says = format!("{}.{} GiB free in {}", tenths / 10, tenths % 10, data_dir.display());
    match free {
        ..TOO_TIGHT => Finding::failure("disk", says, "make room: a database without room stops"),
        TOO_TIGHT..TIGHT => Finding::warning("disk", says, "make room, or move DATA_DIR to a larger disk"),
        _ => Finding::ok("disk", says),
    }
}

/// Which primitives of the kernel are there that keep model-written code in? Nothing runs without all of them, and nothing else
/// needs them, so a missing one is no failure.
pub fn sandbox() -> Vec<Finding> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let namespaces = read("/proc/sys/user/max_user_namespaces").trim().parse().is_ok_and(|most: u64| most > 0)
        && read("/proc/sys/kernel/unprivileged_userns_clone").trim() != "0"
        && read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").trim() != "1";
    let primitives = [
        ("user namespaces", namespaces),
        ("landlock", read("/sys/kernel/security/lsm").split(',').any(|name| name.trim() == "landlock")),
        ("seccomp", read("/proc/sys/kernel/seccomp/actions_avail").contains("kill_process")),
        ("cgroup v2", Path::new("/sys/fs/cgroup/cgroup.controllers").exists()),
    ];
    let missing: Vec<&str> = primitives.iter().filter(|(_, there)| !there).map(|(name, _)| *name).collect();
    match missing.is_empty() {
        true => vec![Finding::ok("sandbox", "the kernel has namespaces, landlock, seccomp and cgroups")],
        false => {
            let says = format!("not seen on this kernel: {}", missing.join(", "));
            vec![Finding::warning("sandbox", says, "code suites stay off on this machine; everything else works")]
        }
    }
}

/// What the database is, in words that hold no secret.
pub fn database_name(database: &Database) -> String {
    match database {
        Database::Embedded => "the embedded PostgreSQL".to_owned(),
        Database::External(url) => match url::Url::parse(url) {
            Ok(url) => {
                format!("PostgreSQL at {}", url.host_str().filter(|host| !host.is_empty()).unwrap_or("a local socket"))
            }
            Err(_) => "PostgreSQL".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Verdict;

    fn config(pairs: &[(&str, &str)]) -> Config {
        Config::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())).unwrap()
    }

    #[test]
    fn plain_http_on_a_public_name_is_a_warning() {
        for (pairs, verdict, says) in [
            (vec![], Verdict::Ok, "http://localhost:3000"),
            (vec![("PUBLIC_URL", "http://tally.example")], Verdict::Warning, "plain http"),
            (vec![("PUBLIC_URL", "https://tally.example")], Verdict::Warning, "TRUSTED_PROXIES"),
            (
                vec![("PUBLIC_URL", "https://tally.example"), ("TRUSTED_PROXIES", "1")],
                Verdict::Ok,
                "https://tally.example",
            ),
            (vec![("LISTEN", "0.0.0.0:3000")], Verdict::Warning, "open to the network"),
        ] {
            let findings = public_url(&config(&pairs));
            assert_eq!(findings.len(), 1);
            assert_eq!(findings[0].verdict, verdict, "{findings:?}");
            assert!(findings[0].says.contains(says), "{findings:?}");
        }
    }

    #[test]
    fn little_room_warns_and_none_fails() {
        let verdict = |free| room_of(free, Path::new("data")).verdict;
        assert_eq!(verdict(100 * GIB), Verdict::Ok);
        assert_eq!(verdict(GIB), Verdict::Warning);
        assert_eq!(verdict(0), Verdict::Failure);
        assert_eq!(room_of(GIB * 5 / 2, Path::new("data")).says, "2.5 GiB free in data");
        assert_eq!(disk(Path::new("a folder/that is/not there yet")).check, "disk");
    }

    #[test]
    fn the_database_is_named_without_its_password() {
        let name = |url: &str| database_name(&Database::External(url.to_owned()));
        assert_eq!(name("postgres://ada:canary@db.example:5432/x"), "PostgreSQL at db.example");
        assert_eq!(name("postgres:///x?host=/run&password=canary"), "PostgreSQL at a local socket");
        assert!(!name("host=db password=canary").contains("canary"));
    }
}
