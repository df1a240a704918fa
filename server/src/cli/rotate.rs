//! `tallygate admin rotate-master-key`: from one master key to the next, in two steps that lose nothing when they are cut short.
//!
//! The first makes a new key, which seals nothing yet. A server that starts with it makes it the one that seals and moves what is
//! stored (`foundation/rotation.rs`). The second step looks whether anything or anybody still needs an older key, and only then
//! lets it go. An embedded instance keeps its keys in a file that this command writes; elsewhere they come from the environment,
//! which only its operator can set.

use std::path::Path;

use anyhow::{Context as _, bail};
use auth::MasterKey;
use control::vault::{self, Rewrapped};
use zeroize::Zeroizing;

use crate::{
    Config,
    clock::SystemEntropy,
    foundation::{
        Foundation, master_key,
        rotation::{self, BEGUN, FORGOTTEN, Servers},
    },
};

/// Secrets that are sealed again at once.
const AT_ONCE: u32 = 500;
const FINISH: &str = "tallygate admin rotate-master-key --finish";

/// Where the keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Home<'a> {
    /// A file of this data folder, which one server reads when it starts.
    File(&'a Path),
    Environment,
}

/// What can be seen of a rotation from outside of the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing<'a> {
    home: Home<'a>,
    /// The newest key does not seal yet.
    has_waiting_key: bool,
    /// Nobody else uses the database.
    is_alone: bool,
    servers: Servers,
}

impl<'a> Standing<'a> {
    async fn of(foundation: &Foundation, home: Home<'a>) -> Result<Self, control::Error> {
        Ok(Self {
            home,
            has_waiting_key: foundation.has_waiting_key(),
            is_alone: foundation.is_alone(),
            servers: Servers::of(foundation).await?,
        })
    }

    /// May a new key be made? One at a time, or nobody could tell which of them is meant.
    fn may_begin(&self) -> Result<(), String> {
        match self.has_waiting_key {
            false => Ok(()),
            true => Err(format!("a new key is there already and seals nothing yet\n{}", self.next())),
        }
    }

    /// May what older keys sealed move, and those keys go? Not before every running server has proven that it holds the newest
    /// one: the one that sealed the check value with it, and those that could start since.
    fn may_finish(&self) -> Result<(), String> {
        let Self { home, has_waiting_key, is_alone, servers } = *self;
        let Servers { running, unproven } = servers;
        if running == 0 && !is_alone && matches!(home, Home::File(_)) {
            return Err("another tallygate command uses the database: wait for its end, then try again".to_owned());
        }
        if running == 0 {
            return Ok(());
        }
        if has_waiting_key {
            return Err(format!("nothing is forgotten: the new key seals nothing yet\n{}", self.next()));
        }
        if unproven > 0 {
            return Err(format!(
                "nothing is forgotten: {unproven} of {running} running servers were started before the new key began to seal \
                 and may not have it (one that was killed counts for 30 seconds)\n{}",
                self.next()
            ));
        }
        Ok(())
    }

    /// What to do now.
    fn next(&self) -> String {
        match self.home {
            Home::File(_) if self.servers.running == 0 => {
                format!("next: {FINISH}\n(or start the server first, then that)")
            }
            Home::File(_) => {
                format!("next: restart the server, which then seals everything again by itself\nthen: {FINISH}")
            }
            Home::Environment => format!(
                "next: restart every server with MASTER_KEY set to the new key and MASTER_KEY_OLD to the older one\n\
                 then, with the same settings: {FINISH}"
            ),
        }
    }
}

/// Begins a rotation: makes a key.
pub async fn begin(mut config: Config) -> anyhow::Result<()> {
    let (is_file, data_dir) = (config.master_key.is_none(), config.data_dir.clone());
    let home = if is_file { Home::File(&data_dir) } else { Home::Environment };
    if is_file {
        // Without this a first start would happen here.
        master_key::known(&data_dir).map_err(anyhow::Error::msg)?;
    }
    let foundation = Foundation::lay(&mut config).await?;
    let outcome = made(&foundation, home).await;
    foundation.remove().await?;
    let (text, key) = outcome?;
    match key {
        None => println!("{text}"),
        // A script takes the key and nothing else.
        Some(key) => {
            println!("{}", *key);
            eprintln!("{text}");
        }
    }
    Ok(())
}

/// What to tell, and the new key where only the operator can put it in its place.
async fn made(foundation: &Foundation, home: Home<'_>) -> anyhow::Result<(String, Option<Zeroizing<String>>)> {
    let standing = Standing::of(foundation, home).await?;
    standing.may_begin().map_err(anyhow::Error::msg)?;
    let note = rotation::note(foundation, BEGUN);
    match home {
        Home::File(data_dir) => {
            note.await?;
            master_key::add(data_dir, &SystemEntropy).map_err(anyhow::Error::msg)?;
            Ok((told_of_file(data_dir, &standing), None))
        }
        Home::Environment => {
            let (_, key) = MasterKey::generate(&SystemEntropy)?;
            note.await?;
            Ok((told_of_environment(), Some(key)))
        }
    }
}

fn told_of_file(data_dir: &Path, standing: &Standing<'_>) -> String {
    format!(
        "{} has a new first line: back the file up now, with both keys\nthe new key seals nothing yet\n{}",
        data_dir.join("master.key").display(),
        standing.next()
    )
}

fn told_of_environment() -> String {
    format!(
        "This is the new master key. Nothing has changed yet.\n\
         1. With several servers: add it to MASTER_KEY_OLD of each and restart them: each can read with it, none writes with it.\n\
         2. Set, on every server, and restart them: they seal everything again by themselves.\n\
         \n  MASTER_KEY      the new key above (or MASTER_KEY_FILE)\
         \n  MASTER_KEY_OLD  the key you have now; several with commas between them (or MASTER_KEY_OLD_FILE)\n\
         \n3. With the same settings: {FINISH}\n   It says when MASTER_KEY_OLD may go. Keep it until then."
    )
}

/// Ends a rotation: moves what is left, and forgets the older keys if nothing and nobody needs them.
pub async fn finish(mut config: Config) -> anyhow::Result<()> {
    let (is_file, data_dir) = (config.master_key.is_none(), config.data_dir.clone());
    let home = if is_file { Home::File(&data_dir) } else { Home::Environment };
    let foundation = Foundation::lay_to_rotate(&mut config).await?;
    let outcome = finished(&foundation, home).await;
    foundation.remove().await?;
    println!("{}", outcome?);
    Ok(())
}

async fn finished(foundation: &Foundation, home: Home<'_>) -> anyhow::Result<String> {
    Standing::of(foundation, home).await?.may_finish().map_err(anyhow::Error::msg)?;
    let moved = told(move_all(foundation).await?);
    let sealing = rotation::sealing(&foundation.pools).await?;
    if sealing != Some(foundation.newest_key()) {
        bail!(
            "{moved}\nnothing is forgotten: a server with an older MASTER_KEY was started meanwhile, and its key seals again\n\
             next: restart it with the newest one, then: {FINISH}"
        );
    }
    let left = left(foundation).await?;
    if left > 0 {
        bail!(
            "{moved}\nnothing is forgotten: {left} secrets need another key than the newest one\n\
             next: `tallygate doctor` names their providers; enter their credentials again, or archive them\nthen: {FINISH}"
        );
    }
    let told = match home {
        Home::File(data_dir) => {
            let gone = master_key::keep_newest(data_dir, foundation.newest_key()).map_err(anyhow::Error::msg)?;
            format!(
                "{moved}\nnothing needs an older key; keys forgotten: {gone}\n\
                 back the file up again: it holds one key now"
            )
        }
        Home::Environment => format!("{moved}\nnothing needs an older key: unset MASTER_KEY_OLD and restart"),
    };
    rotation::note(foundation, FORGOTTEN).await.with_context(|| told.clone())?;
    Ok(told + "\nbackups of the database from before need the older key: keep it with them")
}

/// Until nothing moves any more.
async fn move_all(foundation: &Foundation) -> Result<Rewrapped, control::Error> {
    let mut all = Rewrapped::default();
    loop {
        let Rewrapped { done, left, unreadable } = vault::rewrap(&foundation.control, AT_ONCE).await?;
        all = Rewrapped { done: all.done + done, left, unreadable };
        if left == 0 || done == 0 {
            return Ok(all);
        }
    }
}

fn told(moved: Rewrapped) -> String {
    let Rewrapped { done, left, unreadable } = moved;
    let mut text = format!("secrets sealed again: {done}");
    if left > 0 {
        text += &format!(", left: {left}");
    }
    if unreadable > 0 {
        text += &format!("; {unreadable} cannot be read with any key at hand");
    }
    text
}

/// What is sealed with another key than the newest, the check value among it.
async fn left(foundation: &Foundation) -> Result<u64, control::Error> {
    let newest: String = foundation.newest_key().iter().map(|byte| format!("{byte:02x}")).collect();
    let counts = vault::sealed_by(&foundation.control).await?;
    Ok(counts.iter().filter(|(id, _)| *id != newest).map(|(_, count)| count).sum())
}

#[cfg(test)]
mod tests;
