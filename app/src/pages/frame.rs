//! What surrounds the pages of people who are signed in: navigation, team switcher, account menu.
//!
//! One more entry of the navigation: a line in [`places`].

use domain::{role::InstanceRole, team::Me};
use leptos_router::{components::Outlet, hooks::use_location};

use crate::{
    api,
    components::{
        erase::Erase,
        fetched::{Fetched, fetch},
        icon::icon,
        reactive::settled,
        sheet_page::FrameChanged,
    },
    prelude::*,
};

mod account;
mod sidebar;
mod switcher;

/// Who is signed in, for every page inside the frame.
#[derive(Clone, Copy)]
pub struct Viewer {
    pub me: Fetched<Me>,
}

/// What changed since a request that is replayed: said by the page it comes to, the playground.
#[derive(Clone, Copy)]
pub struct ReplayNotes(pub RwSignal<Vec<String>>);

/// One entry of the navigation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub group: &'static str,
    pub label: &'static str,
    pub icon: &'static str,
    pub href: String,
}

/// All entries for a team; the last ones only for who may use them.
pub fn places(team: &str, role: InstanceRole) -> Vec<Place> {
    let of_team = [
        ("Work", "Home", "home", ""),
        ("Work", "Playground", "columns", "/playground"),
        ("Work", "Runs", "play", "/runs"),
        ("Work", "History", "list", "/history"),
        ("Measure", "Verdicts", "scale", "/verdicts"),
        ("Control", "Models", "box", "/models"),
        ("Control", "Providers", "plug", "/providers"),
        ("Control", "Keys", "key", "/keys"),
        ("Control", "Members", "people", "/members"),
        ("Control", "Team settings", "sliders", "/settings"),
    ];
    let mut all: Vec<Place> = of_team
        .into_iter()
        .filter(|_| !team.is_empty())
        .map(|(group, label, icon, path)| Place { group, label, icon, href: format!("/t/{team}{path}") })
        .collect();
    let of_instance = [
        (InstanceRole::Admin, "People", "people", "/admin/people"),
        (InstanceRole::Admin, "Teams", "team", "/admin/teams"),
        (InstanceRole::Admin, "Prices", "refresh", "/admin/prices"),
        (InstanceRole::Admin, "Audit log", "log", "/admin/audit"),
        (InstanceRole::Owner, "Bundle", "file", "/admin/bundle"),
        (InstanceRole::Admin, "Settings", "sliders", "/admin/settings"),
    ];
    for (needed, label, icon, href) in of_instance {
        if role >= needed {
            all.push(Place { group: "Admin", label, icon, href: href.to_owned() });
        }
    }
    all
}

/// Is the page at `path` this place or a part of it?
pub fn is_at(place: &str, path: &str) -> bool {
    let is_home = place.matches('/').count() == 2 && place.starts_with("/t/");
    path == place || (!is_home && path.strip_prefix(place).is_some_and(|rest| rest.starts_with('/')))
}

/// The team of an address, `core` of `/t/core/history`.
fn team_of(path: &str) -> Option<String> {
    path.strip_prefix("/t/")?.split('/').next().filter(|it| !it.is_empty()).map(str::to_owned)
}

#[component]
pub fn Frame() -> impl IntoView {
    let path = settled(use_location().pathname);
    // Pages outside of a team keep the team somebody came from.
    let current = settled(Memo::new(move |before: Option<&String>| {
        team_of(&path.read()).or_else(|| before.cloned()).unwrap_or_default()
    }));
    let me = fetch(String::new, |_| api::teams::me());
    provide_context(Viewer { me });
    provide_context(ReplayNotes(RwSignal::new(Vec::new())));
    provide_context(FrameChanged(Callback::new(move |()| me.refetch())));
    view! {
        <a class="skip-link" href="#main">
            "Skip to content"
        </a>
        <div class="shell">
            <sidebar::Sidebar me=me current=current path=path />
            <main class="shell-main" id="main">
                <Outlet />
            </main>
            <sidebar::BottomBar me=me current=current path=path />
        </div>
    }
}

/// The links of one list, in their groups.
fn nav_groups(all: Vec<Place>, path: Memo<String>) -> Vec<AnyView> {
    let mut groups: Vec<(&'static str, Vec<Place>)> = Vec::new();
    for place in all {
        match groups.last_mut() {
            Some((group, list)) if *group == place.group => list.push(place),
            _ => groups.push((place.group, vec![place])),
        }
    }
    groups
        .into_iter()
        .map(|(group, list)| {
            let links = list.into_iter().map(|place| nav_link(place, path)).collect::<Vec<_>>();
            view! {
                <div class="nav-group">
                    <p class="nav-caption">{group}</p>
                    <ul>{links}</ul>
                </div>
            }
            .erase()
        })
        .collect()
}

fn nav_link(place: Place, path: Memo<String>) -> AnyView {
    let Place { label, icon: name, href, .. } = place;
    let mine = href.clone();
    view! {
        <li>
            <a class="nav-link" href=href title=label aria-current=move || is_at(&mine, &path.read()).then_some("page")>
                {icon(name)}
                <span class="nav-label">{label}</span>
            </a>
        </li>
    }
    .erase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_current_for_its_parts_and_home_only_for_itself() {
        assert!(is_at("/t/core/history", "/t/core/history/abc"));
        assert!(!is_at("/t/core/history", "/t/core/historyx"));
        assert!(is_at("/t/core", "/t/core"));
        assert!(!is_at("/t/core", "/t/core/keys"));
    }

    #[test]
    fn only_admins_are_led_to_the_settings() {
        let leads_to = |role, href: &str| places("core", role).iter().any(|it| it.href == href);
        assert!(places("core", InstanceRole::User).iter().all(|it| it.group != "Admin"));
        assert!(leads_to(InstanceRole::Admin, "/admin/settings") && !leads_to(InstanceRole::Admin, "/admin/bundle"));
        assert!(leads_to(InstanceRole::Owner, "/admin/bundle"));
    }

    #[test]
    fn the_team_is_read_from_the_address() {
        assert_eq!(team_of("/t/core/keys").as_deref(), Some("core"));
        assert_eq!(team_of("/me/sessions"), None);
        assert_eq!(team_of("/t/"), None);
    }
}
