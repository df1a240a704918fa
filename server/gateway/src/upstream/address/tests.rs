use super::*;

fn list(entries: &[&str]) -> AllowList {
    allow_list(&entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>())
}

fn may_call(url: &str, allow: &AllowList) -> bool {
    check_literal(&Url::parse(url).unwrap(), allow).is_ok()
}

#[test]
fn private_addresses_need_the_list_in_whatever_spelling() {
    let nothing = list(&[]);
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "10.1.2.3",
        "172.31.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "[fd12::1]",
        "[fec0::1]",
    ] {
        assert!(!may_call(&format!("http://{host}:8000/v1"), &nothing), "{host}");
    }
    assert!(may_call("https://93.184.216.34/v1", &nothing));
    assert!(may_call("https://[2606:2800:220:1::1]/v1", &nothing));
    assert!(!may_call("http://172.32.0.1:0/", &nothing));
    assert!(may_call("http://172.32.0.1/", &nothing));
}

#[test]
fn some_addresses_are_never_called_even_when_listed() {
    let everything = list(&["0.0.0.0/0", "::/0"]);
    for host in [
        "169.254.169.254",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",
        "[::]",
        "224.0.0.1",
        "255.255.255.255",
        "[ff02::1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[2001:0:1::1]",
    ] {
        assert!(!may_call(&format!("http://{host}/"), &everything), "{host}");
    }
    assert!(may_call("http://127.0.0.1:1/", &everything));
}

#[test]
fn an_entry_allows_what_it_says_and_no_more() {
    for (entry, allowed, refused) in [
        ("127.0.0.1", "http://127.0.0.1:5/", "http://127.0.0.2:5/"),
        ("127.0.0.1:9000", "http://127.0.0.1:9000/", "http://127.0.0.1:9001/"),
        ("10.0.0.0/8", "http://10.255.0.1/", "http://11.0.0.1:0/"),
        ("192.168.4.0/22", "http://192.168.7.255/", "http://192.168.8.0/"),
        ("[::1]:9000", "http://[::1]:9000/", "http://[::1]/"),
        ("::1", "http://[::1]:1/", "http://[fd00::1]/"),
        ("fd00::/8", "http://[fdff::1]/", "http://[fc00::1]/"),
    ] {
        let allow = list(&[entry]);
        assert!(may_call(allowed, &allow), "{entry} {allowed}");
        assert!(!may_call(refused, &allow), "{entry} {refused}");
    }
}

#[test]
fn nonsense_allows_nothing() {
    assert_eq!(
        list(&["", "localhost", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.1:99999", "::1:70000:x"]),
        AllowList::default()
    );
}

#[test]
fn the_attempt_id_goes_only_to_destinations_that_are_plainly_private() {
    for (url, is_private) in [
        ("http://127.0.0.1:9000/v1", true),
        ("http://localhost:9000/v1", true),
        ("https://[::1]/v1", true),
        ("https://api.example.com/v1", false),
        ("https://93.184.216.34/v1", false),
        ("https://localhost.example.com/v1", false),
    ] {
        assert_eq!(is_literal_private(&Url::parse(url).unwrap()), is_private, "{url}");
    }
}
