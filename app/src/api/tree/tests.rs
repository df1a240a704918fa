//! What one side writes, the other reads.

use domain::{
    Money,
    clock::Stamp,
    feedback::{Acceptance, PairVote, Preference, Verdict},
    grid::{AnswerFormat, Case, Grid, ImageRef, Prompt, Settings, Tool, ToolReply, Turn, TurnRole, Variant},
    id::{CellId, ImageId, ProviderId, RunId, TeamId},
    key::{AllowedModels, KeyKind},
    provider::{CredentialState, ProviderSummary},
    role::{InstanceRole, TeamRole},
    run::{CellMetrics, CellState, CellView, Place, Progress, RunView, SampleView, SchemaVerdict, ToolCall},
    task::TaskClass,
    team::{Me, TeamLink},
    usage::{Usage, UsageSource},
};
use serde::Serialize;

use super::*;
use crate::components::{
    form::{Field, FieldKind, Form, Rule, Shows, Then},
    sheet::Sheet,
};

fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: T) {
    let json = serde_json::to_vec(&value).unwrap();
    assert_eq!(read::<T>(&json), Some(value));
}

fn stamp() -> Stamp {
    Stamp { iso: "2026-11-21T13:05:00Z".into(), text: "2026-11-21 14:05".into(), title: "ü \"quoted\"".into() }
}

#[test]
fn every_shape_of_our_types_comes_back_as_it_was() {
    there_and_back(vec![AllowedModels::All, AllowedModels::Only(vec!["a".into(), "b".into()])]);
    there_and_back(Me {
        name: "Ada".into(),
        email: "ada@example.com".into(),
        role: InstanceRole::Owner,
        instance_name: "Acme".into(),
        zone: "Europe/Berlin".into(),
        teams: vec![TeamLink {
            id: TeamId(uuid()),
            slug: "core".into(),
            name: "Core".into(),
            role: Some(TeamRole::Viewer),
        }],
        public_url: String::new(),
    });
    let shows = Shows { snippets: vec![("curl".into(), "curl …".into())], ..Shows::default() };
    let then = Then { shows: Some(shows), frame: true, ..Then::default() };
    let field = Field { kind: FieldKind::Checks, rule: Rule::Networks, share: 3, ..Field::default() };
    let form = Form { fields: vec![field], then, ..Form::default() };
    there_and_back(Sheet { forms: vec![form], ..Sheet::default() });
    there_and_back(vec![ProviderSummary {
        id: ProviderId(uuid()),
        revision: 1,
        slug: "demo".into(),
        kind: "demo".into(),
        preset: String::new(),
        title: "Demo".into(),
        base_url: String::new(),
        shared: false,
        credential: CredentialState::Stored { last_four: "9x2f".into() },
        editable: true,
        models: u64::MAX,
        created: stamp(),
    }]);
    there_and_back(CellMetrics {
        usage: Some(Usage { input: u32::MAX, ..Usage::default() }),
        usage_source: Some(UsageSource::Final),
        cost: Some(Money(i64::MIN)),
        ..CellMetrics::default()
    });
    there_and_back((RunId(uuid()), "pair".to_owned()));
}

#[test]
fn a_grid_and_a_run_come_back_as_they_were() {
    let image = ImageRef { id: ImageId(uuid()), media_type: "image/png".into(), bytes: 7, width: 3, height: 2 };
    let turn = Turn { role: TurnRole::Assistant, text: "{{a}}".into(), images: vec![image] };
    let tool = Tool { name: "read".into(), reply: ToolReply::Echo, ..Tool::default() };
    let prompt = Prompt { system: "s".into(), turns: vec![turn.clone()], tools: vec![tool] };
    let settings = Settings {
        seed: Some(-5),
        max_output: Some(9),
        stop: vec!["\n".into()],
        format: AnswerFormat::Schema,
        ..Settings::default()
    };
    let variant = Variant { model: "m".into(), prompt: Some(prompt.clone()), settings: Some(settings.clone()) };
    let case = Case { name: "c".into(), values: vec![("a".into(), "1".into())], turns: vec![turn] };
    let grid = Grid {
        prompt,
        settings,
        variants: vec![variant],
        cases: vec![case],
        samples: 3,
        task: Some(TaskClass::BugFix),
    };
    there_and_back(Some(grid.clone()));
    let verdict = Verdict { outcome: Some(Acceptance::Edited), rating: Some(4), ..Verdict::default() };
    let call = ToolCall { id: "1".into(), name: "read".into(), arguments: "{}".into(), result: None };
    let sample = SampleView {
        position: 1,
        take: 2,
        state: CellState::Done,
        text: "t".into(),
        calls: vec![call],
        error: None,
        metrics: CellMetrics { schema: Some(SchemaVerdict { faults: vec!["/a".into()] }), ..CellMetrics::default() },
        verdict: Some(verdict),
    };
    let place = Place { variant: 0, case: 1 };
    let vote = PairVote { left: place, right: place, preference: Preference::BothBad, blind: true };
    there_and_back(RunView {
        id: RunId(uuid()),
        team: "core".into(),
        name: String::new(),
        starter: "Ada".into(),
        created: stamp(),
        grid,
        finished: false,
        cursor: -1,
        progress: Progress { cells: 3, open: 1, ..Progress::default() },
        cost: Money(5),
        unpriced: true,
        cells: vec![CellView { id: CellId(uuid()), place, samples: vec![sample] }],
        rows: 20,
        votes: vec![vote],
        may_change: true,
    });
}

#[test]
fn what_is_missing_unknown_or_wrong_is_told_apart() {
    let newer = br#"{"iso":"a","text":"b","title":"c","later":{"x":[1]}}"#;
    assert_eq!(read::<Stamp>(newer).map(|it| it.iso), Some("a".into()));
    assert_eq!(read::<Stamp>(br#"{"iso":"a","text":"b"}"#), None);
    assert_eq!(read::<Vec<u8>>(b"[256]"), None);
    assert_eq!(read::<u32>(b"-1"), None);
    assert_eq!(read::<KeyKind>(b"\"else\""), None);
    assert_eq!(read::<RunView>(b"not json"), None);
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Shape {
    first: u8,
    #[serde(default)]
    count: u32,
    #[serde(default = "seven")]
    other: u32,
    note: Option<String>,
}

fn seven() -> u32 {
    7
}

#[test]
fn fields_come_in_any_order_and_take_their_defaults() {
    let all = Shape { first: 1, count: 2, other: 3, note: Some("n".into()) };
    assert_eq!(read(br#"{"note":"n","later":[{}],"other":3,"first":1,"count":2}"#), Some(all));
    let few = Shape { first: 1, count: 0, other: 7, note: None };
    assert_eq!(read(br#"{"first":1}"#), Some(few));
    assert_eq!(read::<Shape>(br#"{"first":1,"count":"2"}"#), None);
    assert_eq!(read::<Shape>(br#"{"first":1,"count":null}"#), None);
    assert_eq!(read::<Shape>(br#"{"note":"n"}"#), None);
}

fn uuid() -> uuid::Uuid {
    "01930000-0000-7000-8000-000000000001".parse().unwrap()
}
