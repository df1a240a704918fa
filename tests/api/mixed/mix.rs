//! What is asked: every call of the mix, drawn from one seed, so that a number names the same call in every run.
//!
//! Pure. Who leaves and who meets a fault are two independent tenths.

use std::{collections::HashSet, time::Duration};

use serde_json::{Value, json};
use tests::{
    dialect::{Dialect, QUESTION, SYSTEM, Scenario},
    kinds::{KINDS, Kind},
};

use super::faults::{FAULTS, Fault};

pub const CALLS: usize = 2_000;
pub const TENTH: usize = CALLS / 10;
/// One whose faults meet the wires where something was wrong once.
const SEED: u64 = 1;
/// The second turn of a tool loop needs a first one; the grid has both.
const SCENARIOS: [Scenario; 6] =
    [Scenario::Plain, Scenario::Tools, Scenario::Schema, Scenario::Reasoning, Scenario::Cached, Scenario::Image];
/// Scenarios with answers of many frames, which a client can leave in the middle.
const LONG: [Scenario; 4] = [Scenario::Plain, Scenario::Reasoning, Scenario::Cached, Scenario::Image];

#[derive(Clone, Debug)]
pub struct Ask {
    pub index: usize,
    pub kind: Kind,
    pub work: Work,
    pub stream: bool,
    pub wants_usage: bool,
    pub target: Target,
    pub leaves: Option<Leave>,
    pub may_retry: bool,
    /// Words added to the text, so that calls differ in size.
    more: u64,
    cap: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Chat(Dialect, Scenario),
    /// Legacy completions.
    Fill,
    Embed,
    Count,
}

/// Which of the kind's models is asked: the model decides what goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Good,
    /// Takes its time, so that a client can leave it.
    Slow,
    /// Has room now and then.
    Flaky,
    /// Nobody listens at its address.
    Dead,
    /// Its connections never stand: whoever leaves meanwhile has sent nothing.
    Full,
    Bad(&'static Fault),
}

/// When a client closes its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// After so long, if the head has not come by then.
    BeforeHead(Duration),
    /// After so many bytes of the answer; the head comes with the first content.
    After(usize),
}

/// All calls, in their order.
pub fn draw() -> Vec<Ask> {
    let mut lottery = Lottery(SEED);
    let leavers = lottery.tenth();
    let faulty = lottery.tenth();
    let mut faults = 0;
    let mut asks = Vec::with_capacity(CALLS);
    for index in 0..CALLS {
        let target = match (faulty.contains(&index), leavers.contains(&index)) {
            (true, _) => {
                faults += 1;
                fault(faults)
            }
            (false, true) => Target::Slow,
            (false, false) => Target::Good,
        };
        asks.push(lottery.ask(index, target, leavers.contains(&index)));
    }
    asks
}

/// The fault of the `number`th call that meets one.
fn fault(number: usize) -> Target {
    match number % 20 {
        0 => Target::Dead,
        1 | 6 | 11 | 16 => Target::Flaky,
        _ => Target::Bad(&FAULTS[number % FAULTS.len()]),
    }
}

/// Numbers from a seed: the generator of Knuth's MMIX, its upper bits.
struct Lottery(u64);

impl Lottery {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    /// A tenth of all calls, exactly.
    fn tenth(&mut self) -> HashSet<usize> {
        let mut drawn = HashSet::new();
        while drawn.len() < TENTH {
            drawn.insert(usize::try_from(self.below(CALLS as u64)).unwrap());
        }
        drawn
    }

    fn ask(&mut self, index: usize, target: Target, leaves: bool) -> Ask {
        let work = match self.below(100) {
            0..=5 => Work::Fill,
            6..=12 => Work::Embed,
            // A count costs nothing, whatever goes wrong: not worth one of the faults.
            13..=16 if matches!(target, Target::Good | Target::Slow) => Work::Count,
            _ if leaves => Work::Chat(self.one(&Dialect::ALL), self.one(&LONG)),
            _ => Work::Chat(self.one(&Dialect::ALL), self.one(&SCENARIOS)),
        };
        let stream = matches!(work, Work::Chat(..) | Work::Fill) && self.below(2) == 0;
        let mut kind = self.one(&KINDS);
        while !work.is_known_to(kind) {
            kind = self.one(&KINDS);
        }
        let leaves = leaves.then(|| match self.below(3) {
            1 if stream => Leave::After(1),
            2 if stream => Leave::After(usize::try_from(500 + self.below(4_000)).unwrap()),
            _ => Leave::BeforeHead(Duration::from_millis(1 + self.below(120))),
        });
        // A plain call would wait for the connection, whoever waits for it.
        let is_full = stream && target == Target::Slow && matches!(leaves, Some(Leave::BeforeHead(_)));
        let target = if is_full && self.below(4) == 0 { Target::Full } else { target };
        Ask {
            index,
            kind,
            work,
            stream,
            wants_usage: self.below(3) > 0,
            target,
            leaves,
            may_retry: self.below(10) > 0,
            more: self.below(40),
            cap: 16 + self.below(200),
        }
    }
}

impl Work {
    fn is_known_to(self, kind: Kind) -> bool {
        match self {
            Self::Chat(..) | Self::Count => true,
            Self::Fill => !matches!(kind.name, "anthropic" | "gemini"),
            Self::Embed => kind.name != "anthropic",
        }
    }

    pub fn path(self) -> &'static str {
        match self {
            Self::Chat(dialect, _) => dialect.path(),
            Self::Fill => "/v1/completions",
            Self::Embed => "/v1/embeddings",
            Self::Count => "/v1/messages/count_tokens",
        }
    }
}

impl Target {
    /// What the name of the kind's model ends with, for clients.
    pub fn suffix(self) -> String {
        match self {
            Self::Good => String::new(),
            Self::Slow => ".slow".into(),
            Self::Flaky => ".flaky".into(),
            Self::Dead => ".dead".into(),
            Self::Full => ".full".into(),
            Self::Bad(fault) => format!(".{}", fault.word.replace('=', ".")),
        }
    }

    /// The same for the fake.
    pub fn words(self) -> String {
        match self {
            Self::Good | Self::Dead | Self::Full => String::new(),
            Self::Slow => "--head=60--words=60--pace=6".into(),
            // Its script is changed while the calls run.
            Self::Flaky => "--comments".into(),
            Self::Bad(fault) => format!("--{}", fault.word),
        }
    }
}

impl Ask {
    pub fn model(&self) -> String {
        match self.target {
            Target::Dead => "dead".into(),
            Target::Full => "full".into(),
            target => format!("{}{}", self.kind.name, target.suffix()),
        }
    }

    /// Counts are made here where the upstream makes none.
    pub fn has_attempt(&self) -> bool {
        self.work != Work::Count || matches!(self.kind.name, "anthropic" | "gemini")
    }

    /// The body as it is sent; no two are alike.
    pub fn body(&self) -> String {
        let model = self.model();
        let question = format!("{QUESTION} ({}){}", self.index, " Größe".repeat(usize::try_from(self.more).unwrap()));
        let mut body = match self.work {
            Work::Chat(dialect, scenario) => dialect.request(scenario, &model, self.stream, None),
            Work::Fill => json!({"model": model, "prompt": QUESTION, "suffix": "}", "max_tokens": self.cap}),
            Work::Embed => json!({"model": model, "input": [QUESTION, SYSTEM]}),
            Work::Count => {
                json!({"model": model, "system": SYSTEM, "messages": [{"role": "user", "content": QUESTION}]})
            }
        };
        let has_options = matches!(self.work, Work::Fill | Work::Chat(Dialect::Chat, _));
        if self.stream && has_options {
            body["stream"] = json!(true);
            body["stream_options"] = json!({"include_usage": self.wants_usage});
        }
        // Every other answer of some length is cut short by its own limit.
        if let Work::Chat(dialect, Scenario::Plain | Scenario::Cached) = self.work
            && self.cap.is_multiple_of(2)
        {
            body[cap_of(dialect)] = Value::from(self.cap);
        }
        body.to_string().replace(QUESTION, &question)
    }
}

fn cap_of(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Chat | Dialect::Messages => "max_tokens",
        Dialect::Responses => "max_output_tokens",
    }
}
