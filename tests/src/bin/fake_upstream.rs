//! `fake-upstream`: a provider on loopback for browser tests, SDK tests, load and demonstrations.
//!
//! Only flags live here; behaviour is in `tests::fake_upstream`.

use std::{io::Write as _, net::SocketAddr, path::PathBuf};

use anyhow::{Context, Result, bail};
use tests::fake_upstream::{FakeUpstream, Options, Script};

const USAGE: &str = "\
usage: fake-upstream [--listen 127.0.0.1:9000] [--journal PATH] [--script PATH|JSON] [--api-key KEY]

Speaks the APIs of OpenAI (/v1), Azure (/openai/v1), Anthropic (/v1/messages) and Google (/v1beta) on a loopback
address. Words after `--` in a model name change one request:
  words=N echo letters=N think=N prompt=N cached=N cache-write=N cache-write-long=N served=MODEL tier=NAME
  head=MS first=MS pace=MS bytes=N cr crlf mixed bom tight two-lines comments extra
  ignores-cap show-thoughts redacted preface filtered incomplete failed same-id no-id no-end double-end late-data
  no-usage null-usage zero-usage negative-usage huge-usage fraction-usage text-usage object-usage float-usage
  usage-twice cumulative sum-mismatch additive cached-above start-corrected start-zeroed placeholder
  usage-finish usage-choice usage-groq cache-top cache-hit-miss cache-creation
  STATUS 429=SECONDS foreign html empty cut=N reset=N cut-head hang=N hang-head error=N error-usage=N
  bad-frame=N bad-frames=COUNT bad-utf8=N two-json=N split-json=N huge=MB
PUT /_fake/script[?model=NAME], POST /_fake/hold, POST /_fake/release and GET /_fake/journal steer and read it;
POST /_fake/answer tells what a chat request would be answered with.";

#[tokio::main]
async fn main() -> Result<()> {
    let Some(options) = options(std::env::args().skip(1))? else {
        println!("{USAGE}");
        return Ok(());
    };
    let fake = FakeUpstream::start_with(options).await?;
    // The one line another program waits for.
    println!("listening on http://{}", fake.address());
    std::io::stdout().flush()?;
    tokio::select! {
        () = fake.serve_forever() => Ok(()),
        stopped = tokio::signal::ctrl_c() => stopped.context("cannot wait for the stop signal"),
    }
}

/// `None` when help was asked for.
fn options(mut words: impl Iterator<Item = String>) -> Result<Option<Options>> {
    let mut options = Options { listen: SocketAddr::from(([127, 0, 0, 1], 9000)), ..Options::default() };
    options.is_recording = false;
    while let Some(flag) = words.next() {
        if flag == "--help" || flag == "-h" {
            return Ok(None);
        }
        let value = words.next().with_context(|| format!("{flag} needs a value\n\n{USAGE}"))?;
        match flag.as_str() {
            "--listen" => options.listen = value.parse().with_context(|| format!("not an address: {value:?}"))?,
            "--journal" => options.journal = Some(PathBuf::from(value)),
            "--script" => options.script = Script::read(&value)?,
            "--api-key" => options.api_key = Some(value),
            _ => bail!("unknown flag {flag:?}\n\n{USAGE}"),
        }
    }
    Ok(Some(options))
}
