//! The team switcher on top of the navigation.

use domain::team::{Me, TeamLink};

use super::sidebar::Spot;
use crate::{
    components::{erase::Erase, icon::icon},
    prelude::*,
};

pub fn switcher(me: Me, current: Memo<String>, spot: Spot) -> AnyView {
    let Me { instance_name, teams, .. } = me;
    let names = teams.clone();
    let shown = move || {
        let current = current.get();
        let found = names.iter().find(|team| current == team.slug).or_else(|| names.first());
        found.map_or_else(|| "No team".to_owned(), |team| team.name.clone())
    };
    let initial = {
        let shown = shown.clone();
        move || shown().chars().take(1).collect::<String>()
    };
    let menu = spot.id("teams");
    let entries = teams.into_iter().map(|team| entry(team, current)).collect::<Vec<_>>();
    view! {
        <button class="switcher" type="button" popovertarget=menu.clone()>
            <span class="switcher-mark" aria-hidden="true">
                {move || initial()}
            </span>
            <span class="switcher-names">
                <span class="switcher-team">{move || shown()}</span>
                <span class="switcher-instance">{instance_name}</span>
            </span>
            {icon("chevrons")}
        </button>
        <div class="menu menu-top" id=menu popover="auto">
            <p class="menu-caption">"Teams"</p>
            <ul>{entries}</ul>
        </div>
    }
    .erase()
}

fn entry(team: TeamLink, current: Memo<String>) -> AnyView {
    let TeamLink { slug, name, role, .. } = team;
    let href = format!("/t/{slug}");
    let role = role.map_or("through your instance role", |role| role.as_str());
    view! {
        <li>
            <a class="menu-item" href=href aria-current=move || (current.get() == slug).then_some("true")>
                <span class="menu-item-name">{name}</span>
                <span class="menu-item-note">{role}</span>
            </a>
        </li>
    }
    .erase()
}
