use domain::grid::{Turn, Variant};
use uuid::Uuid;

use super::*;

fn grid() -> Grid {
    let image = ImageRef {
        id: domain::id::ImageId(Uuid::from_u128(7)),
        media_type: "image/png".into(),
        bytes: 24_576,
        width: 640,
        height: 480,
    };
    let mut grid = Grid { variants: vec![Variant { model: "small".into(), ..Variant::default() }], ..Grid::default() };
    grid.prompt.turns = vec![Turn { text: "look".into(), images: vec![image], ..Turn::default() }];
    grid
}

#[test]
fn pg_13_the_request_of_a_client_names_its_images_in_words() {
    let text = client(&grid(), Place { variant: 0, case: 0 }).unwrap();
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["messages"][0]["content"][1]["image_url"]["url"], "data:image/png;base64,<24576 bytes, 640 × 480>");
    assert!(text.contains("\n  \"model\": \"small\""), "{text}");
    assert!(client(&grid(), Place { variant: 1, case: 0 }).is_err());
}
