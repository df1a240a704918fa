//! Words and ids.

use super::*;

/// Gives every request text: all say `hello`, every twentieth says `needle`, and each names its own number.
async fn talk(world: &World, db: &mut Loan) -> Vec<Attempt> {
    let all = world.all(db).await;
    for (part, attempts) in all.chunks(500).enumerate() {
        let bodies: Vec<Body> = attempts
            .iter()
            .enumerate()
            .map(|(at, attempt)| {
                let nr = part * 500 + at;
                let answered =
                    if nr % 20 == 0 { "data: {\"delta\":\"nee\"}\n\ndata: {\"delta\":\"dle\"}\n\n" } else { "" };
                Body {
                    request: attempt.request,
                    team: world.team,
                    policy: domain::team::StoreContent::Full,
                    asked: format!("{{\"content\":\"Hello\\nnumber{nr}\"}}"),
                    answered: answered.to_owned(),
                    is_cut: false,
                }
            })
            .collect();
        bodies::insert(db, &bodies).await.unwrap();
    }
    all
}

fn search(words: &str, conditions: &[&str]) -> Filter {
    let search = Some(Search { words: words.to_owned(), content: true });
    Filter { conditions: parsed(conditions), search, limit: 60, ..Filter::default() }
}

async fn ids(db: &mut Loan, team: TeamId, filter: &Filter) -> Vec<AttemptId> {
    list(db, team, filter).await.unwrap().iter().map(|it| it.id).collect()
}

#[tokio::test]
async fn hi_3_words_are_found_whether_they_are_common_or_rare() {
    let world = World::new().await;
    let mut db = world.db().await;
    let all = talk(&world, &mut db).await;
    let first = |step: usize| all.iter().step_by(step).take(60).map(|it| it.id).collect::<Vec<_>>();
    assert_eq!(ids(&mut db, world.team, &search("hello", &[])).await, first(1));
    assert_eq!(ids(&mut db, world.team, &search("HELLO needle", &[])).await, first(20));
    // A page that goes on behind what is looked through first.
    let wide = Filter { limit: 115, ..search("needle", &[]) };
    assert_eq!(
        ids(&mut db, world.team, &wide).await,
        all.iter().step_by(20).take(115).map(|it| it.id).collect::<Vec<_>>()
    );
    // Rarer than what is looked through first.
    assert_eq!(ids(&mut db, world.team, &search("number2543", &[])).await, [all[2_543].id]);
    let begun: Vec<_> = (0..).zip(&all).filter(|(nr, _)| nr / 10 == 251 || *nr == 251).map(|(_, it)| it.id).collect();
    assert_eq!(ids(&mut db, world.team, &search("number251", &[])).await, begun);
    assert_eq!(ids(&mut db, world.team, &search("number251 ", &[])).await, [all[251].id]);
    assert!(ids(&mut db, world.team, &search("hello nothing", &[])).await.is_empty());
    assert!(ids(&mut db, world.team, &search("?!", &[])).await.is_empty(), "no word matches nothing");
    assert!(ids(&mut db, world.other, &search("hello", &[])).await.is_empty());
    let blind = Search { words: "hello".into(), content: false };
    let blind = Filter { search: Some(blind), ..search("", &[]) };
    assert!(ids(&mut db, world.team, &blind).await.is_empty());
}

#[tokio::test]
async fn hi_3_words_and_filters_hold_together_on_every_page() {
    let world = World::new().await;
    let mut db = world.db().await;
    let all = talk(&world, &mut db).await;
    for conditions in [&["task:in:none"][..], &["status:in:timeout", "origin:in:playground"]] {
        let asked = parsed(conditions);
        let matching = (0..).zip(&all).filter(|(nr, it)| nr % 20 == 0 && asked.iter().all(|one| holds(one, it)));
        let wanted: Vec<_> = matching.map(|(_, it)| it.id).collect();
        let mut filter = Filter { limit: 9, ..search("needle", conditions) };
        let mut found = Vec::new();
        loop {
            let page = ids(&mut db, world.team, &filter).await;
            filter.before = page.last().copied();
            found.extend(page);
            if filter.before.is_none() {
                break;
            }
        }
        assert_eq!(found, wanted);
        assert!(wanted.len() > 5);
        let counts = facets(&mut db, world.team, &filter, 20_000).await.unwrap();
        let models = counts.facets.iter().find(|facet| facet.field == domain::history::Field::Model).unwrap();
        assert_eq!(models.values.iter().map(|it| it.count as usize).sum::<usize>(), wanted.len());
    }
}

#[tokio::test]
async fn hi_3_a_request_is_found_by_its_id_or_the_beginning_of_it() {
    let world = World::new().await;
    let mut db = world.db().await;
    let all = world.all(&mut db).await;
    let one = &all[77];
    let public = one.request.public();
    for words in [public.clone(), one.request.to_string(), one.id.to_string(), format!("  {public} ")] {
        assert_eq!(ids(&mut db, world.team, &search(&words, &[])).await, [one.id], "{words}");
        assert!(ids(&mut db, world.other, &search(&words, &[])).await.is_empty());
    }
    let beginning = &public[..18];
    let same: Vec<_> = all.iter().filter(|it| it.request.public().starts_with(beginning)).map(|it| it.id).collect();
    let found = ids(&mut db, world.team, &search(beginning, &[])).await;
    assert_eq!(found, same.into_iter().take(60).collect::<Vec<_>>());
    assert!(found.contains(&one.id));
    for nonsense in ["req_xyz", "req_", &format!("{public}0")] {
        assert!(ids(&mut db, world.team, &search(nonsense, &[])).await.is_empty(), "{nonsense}");
    }
}

#[tokio::test]
async fn gw_40_words_go_with_the_text_they_are_of() {
    let world = World::new().await;
    let mut db = world.db().await;
    talk(&world, &mut db).await;
    world
        .db
        .execute("UPDATE bodies SET created_at = created_at - interval '40 days' WHERE request LIKE '%number7%'")
        .await;
    let old = world.db.number("SELECT count(*) FROM bodies WHERE created_at < now() - interval '30 days'").await;
    let gone = bodies::expire(&mut db, 30, 100_000).await.unwrap();
    assert_eq!(i64::try_from(gone).unwrap(), old);
    assert!(old > 0);
    assert_eq!(world.db.number("SELECT count(*) FROM request_words").await, 2_600 - old);
    assert!(ids(&mut db, world.team, &search("number77 ", &[])).await.is_empty());
}
