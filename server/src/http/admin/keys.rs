//! `/api/v1/teams/{team}/keys`: virtual keys. A secret stands in the answer that made it and in no other.

use domain::{
    id::KeyId,
    key::{KeyChange, KeySummary, NewKey, USUAL_OVERLAP},
    token::TokenScope::{KeysRead, KeysWrite},
};

use super::{
    asked::{Asked, PAGE, Page},
    endpoint::{Answer, Content, Endpoint, Group, shown},
};

mod shape;

use shape::{Change, Created, Key, New, Rotation};

pub static GROUP: Group = Group {
    name: "Keys",
    about: "Virtual keys: what clients send to call models. A key never has more than its creator.",
    endpoints: &[
        Endpoint {
            route: "GET /api/v1/teams/{team}/keys",
            id: "listKeys",
            summary: "List virtual keys",
            about: "All keys of the team for who manages them, otherwise one's own.",
            scope: Some(KeysRead),
            query: PAGE,
            body: None,
            answer: Some(Content::of::<Page<Key>>()),
            run: list,
        },
        Endpoint {
            route: "POST /api/v1/teams/{team}/keys",
            id: "createKey",
            summary: "Create a virtual key",
            about: "The answer holds the secret, once.",
            scope: Some(KeysWrite),
            query: &[],
            body: Some(Content::of::<New>()),
            answer: Some(Content::of::<Created>()),
            run: create,
        },
        Endpoint {
            route: "GET /api/v1/teams/{team}/keys/{key}",
            id: "getKey",
            summary: "Read a virtual key",
            about: "",
            scope: Some(KeysRead),
            query: &[],
            body: None,
            answer: Some(Content::of::<Key>()),
            run: get,
        },
        Endpoint {
            route: "PATCH /api/v1/teams/{team}/keys/{key}",
            id: "updateKey",
            summary: "Change a virtual key",
            about: "What is absent stays. Null empties a field that may be empty. With `revision` the change is refused (409) when \
                    somebody else changed the key since.",
            scope: Some(KeysWrite),
            query: &[],
            body: Some(Content::of::<Change>()),
            answer: Some(Content::of::<Key>()),
            run: update,
        },
        Endpoint {
            route: "DELETE /api/v1/teams/{team}/keys/{key}",
            id: "revokeKey",
            summary: "Revoke a virtual key",
            about: "It stops within a second and for ever. Revoking twice is no error.",
            scope: Some(KeysWrite),
            query: &[],
            body: None,
            answer: None,
            run: revoke,
        },
        Endpoint {
            route: "POST /api/v1/teams/{team}/keys/{key}/rotate",
            id: "rotateKey",
            summary: "Give a virtual key a new secret",
            about: "The old secret goes on working for the overlap. The answer holds the new one, once.",
            scope: Some(KeysWrite),
            query: &[],
            body: Some(Content::of::<Rotation>()),
            answer: Some(Content::of::<Created>()),
            run: rotate,
        },
        Endpoint {
            route: "POST /api/v1/teams/{team}/keys/{key}/pause",
            id: "pauseKey",
            summary: "Pause a virtual key",
            about: "Its calls are refused until it is resumed.",
            scope: Some(KeysWrite),
            query: &[],
            body: None,
            answer: Some(Content::of::<Key>()),
            run: pause,
        },
        Endpoint {
            route: "POST /api/v1/teams/{team}/keys/{key}/resume",
            id: "resumeKey",
            summary: "Resume a virtual key",
            about: "",
            scope: Some(KeysWrite),
            query: &[],
            body: None,
            answer: Some(Content::of::<Key>()),
            run: resume,
        },
    ],
};

fn list(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        asked.no_body()?;
        let keys = control::keys::list(&asked.ctx, &asked.actor, asked.team()).await?;
        asked.page(keys.into_iter().map(|key| (key.id.0, Key::from(key))).collect())
    })
}

fn create(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        let (name, kind, rules) = asked.body::<New>()?.parts();
        let input = NewKey { team: asked.team().to_owned(), name, kind, rules };
        let made = control::keys::create(&asked.ctx, &asked.actor, input).await?;
        Ok(shown(&Created::from(made)))
    })
}

async fn found(asked: &Asked) -> Result<KeySummary, control::Error> {
    let key: KeyId = asked.id("key")?;
    Ok(control::keys::get(&asked.ctx, &asked.actor, asked.team(), key).await?.key)
}

fn get(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        asked.no_body()?;
        Ok(shown(&Key::from(found(asked).await?)))
    })
}

fn update(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        let change: Change = asked.body()?;
        let before = found(asked).await?;
        let revision = change.revision.unwrap_or(before.revision);
        let (key, team) = (before.id, asked.team().to_owned());
        let (name, rules) = change.over(before);
        let input = KeyChange { team, key, revision, name, rules };
        Ok(shown(&Key::from(control::keys::update(&asked.ctx, &asked.actor, input).await?)))
    })
}

fn revoke(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        asked.no_body()?;
        control::keys::revoke(&asked.ctx, &asked.actor, asked.team(), asked.id("key")?).await?;
        Ok(serde_json::Value::Null)
    })
}

fn rotate(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        let overlap_hours = match asked.body.is_empty() {
            true => USUAL_OVERLAP,
            false => asked.body::<Rotation>()?.overlap_hours,
        };
        let key: KeyId = asked.id("key")?;
        let made = control::keys::rotate(&asked.ctx, &asked.actor, asked.team(), key, overlap_hours).await?;
        Ok(shown(&Created::from(made)))
    })
}

fn pause(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        asked.no_body()?;
        let key = control::keys::pause(&asked.ctx, &asked.actor, asked.team(), asked.id("key")?).await?;
        Ok(shown(&Key::from(key)))
    })
}

fn resume(asked: &Asked) -> Answer<'_> {
    Box::pin(async {
        asked.no_body()?;
        let key = control::keys::resume(&asked.ctx, &asked.actor, asked.team(), asked.id("key")?).await?;
        Ok(shown(&Key::from(key)))
    })
}
