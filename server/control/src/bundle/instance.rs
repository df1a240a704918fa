//! `[instance]`: name, zone, what new teams store, private addresses. What it leaves out stays as it is.

use domain::{settings::InstanceSettings, team::StoreContent};
use serde::Deserialize;
use store::instance::Instance;

use super::{Action, Run};
use crate::{Error, settings};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Entry {
    name: Option<String>,
    reporting_zone: Option<String>,
    store_content: Option<StoreContent>,
    allow_private: Option<Vec<String>>,
}

pub(super) async fn apply(run: &mut Run<'_>) -> Result<(), Error> {
    let before = store::instance::load(&mut run.tx).await?;
    let base = before.clone().unwrap_or_else(|| Instance {
        name: "Tallygate".to_owned(),
        reporting_zone: "UTC".to_owned(),
        store_content: StoreContent::default(),
        allow_private: Vec::new(),
    });
    let Entry { name, reporting_zone, store_content, allow_private } = &run.document.instance;
    let asked = InstanceSettings {
        name: name.clone().unwrap_or(base.name),
        reporting_zone: reporting_zone.clone().unwrap_or(base.reporting_zone),
        allow_private: allow_private.clone().unwrap_or(base.allow_private),
    };
    let store_content = store_content.unwrap_or(base.store_content);
    let Some(InstanceSettings { name, reporting_zone, allow_private }) =
        run.entry("instance", "settings", settings::checked(asked))?
    else {
        return Ok(());
    };
    let after = Instance { name, reporting_zone, store_content, allow_private };
    let fields = before.as_ref().map(|before| settings::changed(before, &after));
    match fields.as_deref() {
        Some([]) => Ok(()),
        Some(fields) => {
            store::instance::put(&mut run.tx, &after).await?;
            run.note(Action::Change, "instance", &after.name, fields).await
        }
        None => {
            store::instance::put(&mut run.tx, &after).await?;
            run.note(Action::Create, "instance", &after.name, &[]).await
        }
    }
}
