//! `[instance]`: name, zone, what new teams store, private addresses. What it leaves out stays as it is.

use domain::{settings::InstanceSettings, team::StoreContent};
use serde::{Deserialize, Serialize};
use store::{instance::Instance, pool::Tx};

use super::{Action, Document, Run};
use crate::{Error, settings};

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reporting_zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store_content: Option<StoreContent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_private: Option<Vec<String>>,
}

pub(super) async fn apply(run: &mut Run<'_>) -> Result<(), Error> {
    let before = store::instance::load(&mut run.tx).await?;
    let base = before.clone().unwrap_or_else(|| Instance {
        revision: 1,
        name: "Tallygate".to_owned(),
        reporting_zone: "UTC".to_owned(),
        store_content: StoreContent::default(),
        allow_private: Vec::new(),
    });
    let Entry { name, reporting_zone, store_content, allow_private } = &run.document.instance;
    let asked = InstanceSettings {
        revision: base.revision,
        name: name.clone().unwrap_or(base.name),
        reporting_zone: reporting_zone.clone().unwrap_or(base.reporting_zone),
        allow_private: allow_private.clone().unwrap_or(base.allow_private),
        store_content: store_content.unwrap_or(base.store_content),
    };
    let Some(InstanceSettings { revision, name, reporting_zone, allow_private, store_content }) =
        run.entry("instance", "settings", settings::checked(asked))?
    else {
        return Ok(());
    };
    let after = Instance { revision, name, reporting_zone, store_content, allow_private };
    let fields = before.as_ref().map(|before| settings::changed(before, &after));
    match fields.as_deref() {
        Some([]) => Ok(()),
        Some(fields) => {
            store::instance::put(&mut run.tx, &after).await?;
            run.note(Action::Change, ("instance", &after.name), None, fields).await
        }
        None => {
            store::instance::put(&mut run.tx, &after).await?;
            run.note(Action::Create, ("instance", &after.name), None, &[]).await
        }
    }
}

pub(super) async fn export(tx: &mut Tx, out: &mut Document) -> Result<(), Error> {
    if let Some(Instance { revision: _, name, reporting_zone, store_content, allow_private }) =
        store::instance::load(tx).await?
    {
        out.instance = Entry {
            name: Some(name),
            reporting_zone: Some(reporting_zone),
            store_content: Some(store_content),
            allow_private: Some(allow_private),
        };
    }
    Ok(())
}
