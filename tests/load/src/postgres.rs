//! One blocking connection to a Postgres behind a unix socket: the cheapest client there is, so that "one committed insert"
//! is what the database takes and not what a driver adds. Three messages of the protocol, no password, no TLS.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST_MESSAGE: usize = 1 << 20;

pub struct Postgres {
    stream: UnixStream,
}

impl Postgres {
    /// `url` is what the embedded database of the product prints: `postgres:///NAME?host=FOLDER&port=N&user=NAME`.
    pub fn connect(url: &str) -> Result<Self> {
        let (name, options) = parts(url).with_context(|| format!("{url:?} is not the URL of a local database"))?;
        let option = |key: &str| options.get(key).copied().with_context(|| format!("the URL has no {key}"));
        let socket = format!("{}/.s.PGSQL.{}", option("host")?, option("port")?);
        let stream = UnixStream::connect(&socket).with_context(|| format!("cannot connect to {socket}"))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut postgres = Self { stream };
        let mut start = 196_608_u32.to_be_bytes().to_vec();
        for word in ["user", option("user")?, "database", name, "application_name", "load"] {
            text(&mut start, word);
        }
        start.push(0);
        let mut message = length(start.len())?.to_vec();
        message.extend(start);
        postgres.stream.write_all(&message)?;
        postgres.until_ready()?;
        Ok(postgres)
    }

    /// Runs statements; the first column of every row.
    pub fn query(&mut self, statement: &str) -> Result<Vec<String>> {
        let mut body = Vec::new();
        text(&mut body, statement);
        let message = message(b'Q', &body)?;
        self.stream.write_all(&message)?;
        self.until_ready()
    }

    /// Makes the table of `insert`, beside those of the product, and prepares the statement.
    pub fn prepare_insert(&mut self) -> Result<()> {
        self.query("DROP TABLE IF EXISTS load_inserts")?;
        self.query(
            "CREATE TABLE load_inserts (id bigserial PRIMARY KEY, at timestamptz NOT NULL, note text NOT NULL)",
        )?;
        let mut parse = Vec::new();
        text(&mut parse, "insert");
        text(&mut parse, "INSERT INTO load_inserts (at, note) VALUES (clock_timestamp(), 'one committed row')");
        parse.extend([0, 0]);
        self.send(&[(b'P', &parse), (b'S', &[])])
    }

    /// One row in a transaction of its own; returns when it is committed.
    pub fn insert(&mut self) -> Result<Duration> {
        let began = Instant::now();
        // No portal name, the statement, no formats, no parameters, no result formats; then: all rows.
        self.send(&[(b'B', b"\0insert\0\0\0\0\0\0\0"), (b'E', b"\0\0\0\0\0"), (b'S', b"")])?;
        Ok(began.elapsed())
    }

    fn send(&mut self, messages: &[(u8, &[u8])]) -> Result<()> {
        let mut bytes = Vec::new();
        for (kind, body) in messages {
            bytes.extend(message(*kind, body)?);
        }
        self.stream.write_all(&bytes)?;
        self.until_ready().map(drop)
    }

    /// Reads to the end of a turn. An error of the database is reported at that end, so the connection stays usable.
    fn until_ready(&mut self) -> Result<Vec<String>> {
        let (mut rows, mut error) = (Vec::new(), None);
        loop {
            let (kind, body) = self.receive()?;
            match kind {
                b'Z' => break,
                b'D' => rows.push(first_column(&body)),
                b'E' => error = Some(message_of(&body)),
                b'R' => ensure!(body == [0; 4], "the database asks for a password"),
                _ => {}
            }
            // Before the first turn is ready, an error is the last message.
            if let (Some(error), b'E') = (&error, kind)
                && error.starts_with("FATAL")
            {
                break;
            }
        }
        match error {
            Some(error) => bail!("the database says: {error}"),
            None => Ok(rows),
        }
    }

    fn receive(&mut self) -> Result<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head).context("the database does not answer")?;
        let [kind, size @ ..] = head;
        let size = usize::try_from(u32::from_be_bytes(size))?.checked_sub(4).context("a broken message")?;
        ensure!(size <= LONGEST_MESSAGE, "a message of {size} bytes");
        let mut body = vec![0; size];
        self.stream.read_exact(&mut body)?;
        Ok((kind, body))
    }
}

/// Name of the database, and the options.
fn parts(url: &str) -> Option<(&str, BTreeMap<&str, &str>)> {
    let (name, options) = url.strip_prefix("postgres:///")?.split_once('?')?;
    Some((name, options.split('&').filter_map(|option| option.split_once('=')).collect()))
}

fn message(kind: u8, body: &[u8]) -> Result<Vec<u8>> {
    let mut message = vec![kind];
    message.extend(length(body.len())?);
    message.extend(body);
    Ok(message)
}

/// A length counts itself.
fn length(body: usize) -> Result<[u8; 4]> {
    Ok(u32::try_from(body + 4)?.to_be_bytes())
}

fn text(into: &mut Vec<u8>, word: &str) {
    into.extend(word.as_bytes());
    into.push(0);
}

/// Empty for NULL: no statement here asks for one.
fn first_column(row: &[u8]) -> String {
    let size = row.get(2..6).and_then(|size| size.try_into().ok()).map(u32::from_be_bytes);
    let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
    String::from_utf8_lossy(row.get(6..6 + size).unwrap_or_default()).into_owned()
}

/// Severity and message of an error.
fn message_of(body: &[u8]) -> String {
    let fields = body.split(|byte| *byte == 0).filter_map(|field| field.split_first());
    let wanted = fields.filter(|(kind, _)| [b'V', b'M'].contains(kind));
    wanted.map(|(_, words)| String::from_utf8_lossy(words).into_owned()).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_the_embedded_database_is_understood() {
        let (name, options) = parts("postgres:///tallygate?host=/tmp/x&port=5432&user=u&sslmode=disable").unwrap();
        assert_eq!((name, options["host"], options["port"], options["user"]), ("tallygate", "/tmp/x", "5432", "u"));
        assert!(parts("postgres://other.example/db").is_none());
    }

    #[test]
    fn rows_and_errors_are_read() {
        assert_eq!(first_column(b"\0\x01\0\0\0\x0242"), "42");
        assert_eq!(first_column(b"\0\x01\xff\xff\xff\xff"), "");
        assert_eq!(message_of(b"SFEHLER\0VERROR\0C42P01\0Mno such table\0\0"), "ERROR: no such table");
    }

    #[test]
    fn a_length_counts_itself() {
        assert_eq!(message(b'S', b"").unwrap(), b"S\0\0\0\x04");
    }
}
