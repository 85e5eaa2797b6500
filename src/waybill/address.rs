//! Address lines in the order the destination's post reads them.
//!
//! A [`Party`] and the country the parcel leaves from go in, lines come out: local order for text in the local
//! script, Latin order for Latin text, the destination's name last in English capitals when the parcel crosses a
//! border. A free-text address (no city, no region) is printed as given. Knows no font and no width.

use super::Party;
use super::country::Country;

/// The whole address with name and company where the country puts them.
pub fn lines(party: &Party, from: Country) -> Vec<String> {
    Writer::new(party).write(from, true)
}

/// The address below the name and the company, which a label prints larger and first.
pub fn lines_below_name(party: &Party, from: Country) -> Vec<String> {
    Writer::new(party).write(from, false)
}

struct Writer<'a> {
    party: &'a Party,
    /// Nobody told street from city: the lines are printed as given.
    free_text: bool,
    latin: bool,
    format: &'static str,
}

impl<'a> Writer<'a> {
    fn new(party: &'a Party) -> Writer<'a> {
        let parts = party.lines.iter().chain(&party.city).chain(&party.region);
        let latin = parts.flat_map(|part| part.chars()).all(|c| !c.is_alphabetic() || is_latin(c));
        let free_text = party.city.is_none() && party.region.is_none();
        Writer { party, free_text, latin, format: party.country.format(latin) }
    }

    fn write(&self, from: Country, with_name: bool) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for line in self.format.split('|').filter_map(|line| self.fill(line, with_name)) {
            lines.extend(line.split('\n').map(str::to_owned));
        }
        if !self.has('Z') {
            lines.extend(self.element('Z', with_name));
        }
        let country = self.party.country;
        if country != from {
            lines.pop_if(|last| last.eq_ignore_ascii_case(country.name()));
            lines.push(country.name().to_owned());
        }
        lines
    }

    /// One line of the format with its elements filled in. An element we do not have takes the sign before it along.
    fn fill(&self, line: &str, with_name: bool) -> Option<String> {
        let (prefix, elements) = line.split_once('%').unwrap_or((line, ""));
        if elements.is_empty() {
            return Some(prefix.to_owned()).filter(|literal| !literal.is_empty() && !self.free_text);
        }
        let mut out = String::new();
        let mut before = "";
        for (i, part) in elements.split('%').enumerate() {
            let mut letters = part.chars();
            if let Some(text) = letters.next().and_then(|element| self.element(element, with_name)) {
                if i == 0 && !text.to_uppercase().starts_with(prefix.trim_end()) {
                    out.push_str(prefix);
                } else if !out.is_empty() {
                    out.push_str(if before.is_empty() && self.latin { " " } else { before });
                }
                out.push_str(&text);
            }
            before = letters.as_str();
        }
        Some(out).filter(|out| !out.is_empty())
    }

    fn element(&self, element: char, with_name: bool) -> Option<String> {
        let party = self.party;
        let text = match element {
            'N' if with_name => return Some(party.name.clone()),
            'O' if with_name => return party.company.clone(),
            'A' => Some(self.street()),
            'C' => party.city.clone(),
            'S' => party.region.clone(),
            'Z' => party.postcode.clone().filter(|postcode| !self.free_text || !self.says(postcode)),
            _ => None,
        }?;
        let capitals = !self.free_text && self.latin && party.country.capitals(element);
        Some(if capitals { text.to_uppercase() } else { text })
    }

    /// The street lines, together with a city the country's format has no place for.
    fn street(&self) -> String {
        let street = self.party.lines.join("\n");
        let stray = match (&self.party.city, &self.party.region) {
            (Some(city), region) if !self.has('C') => Some(city).filter(|city| region.as_ref() != Some(city)),
            (None, Some(region)) if !self.has('S') => Some(region),
            _ => None,
        };
        match stray.filter(|stray| !self.says(stray) && !self.format.contains(&stray.to_uppercase())) {
            None => street,
            Some(stray) if self.latin => format!("{street}\n{stray}"),
            Some(stray) => format!("{stray}\n{street}"),
        }
    }

    fn has(&self, element: char) -> bool {
        self.format.split('%').skip(1).any(|part| part.starts_with(element))
    }

    /// Whether a line already holds these words, with or without their spaces.
    fn says(&self, words: &str) -> bool {
        let words = words.to_uppercase();
        let together: String = words.split_whitespace().collect();
        self.party.lines.iter().map(|line| line.to_uppercase()).any(|line| holds(&line, &words) || holds(&line, &together))
    }
}

/// Whether `line` holds `words` and not merely as a part of a longer number or Latin word.
fn holds(line: &str, words: &str) -> bool {
    line.match_indices(words).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + words.len()..].chars().next();
        !before.is_some_and(|c| c.is_ascii_alphanumeric()) && !after.is_some_and(|c| c.is_ascii_alphanumeric())
    })
}

fn is_latin(c: char) -> bool {
    matches!(c, '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{2b0}'..='\u{2ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(country: &str, lines: &[&str], [city, region, postcode]: [&str; 3]) -> Party {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Party {
            name: "NAME".into(),
            company: None,
            phone: None,
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            city: given(city),
            region: given(region),
            postcode: given(postcode),
            country: Country::of(country).expect("a country"),
        }
    }

    fn from_china(country: &str, lines: &[&str], rest: [&str; 3]) -> String {
        lines_below_name(&party(country, lines, rest), Country::of("CN").expect("a country")).join(" / ")
    }

    #[test]
    fn each_country_has_its_order_and_its_capitals() {
        assert_eq!(from_china("DE", &["Musterweg 5"], ["Jena", "Thüringen", "07743"]), "Musterweg 5 / 07743 Jena / GERMANY");
        assert_eq!(from_china("US", &["1 Elm St"], ["Salem", "or", "97301"]), "1 Elm St / SALEM, OR 97301 / UNITED STATES");
        assert_eq!(
            from_china("GB", &["8 Quay St"], ["Bristol", "", "bs1 4dj"]),
            "8 Quay St / BRISTOL / BS1 4DJ / UNITED KINGDOM"
        );
        assert_eq!(from_china("BR", &["Rua A, 5"], ["Recife", "PE", "50010-000"]), "Rua A, 5 / RECIFE-PE / 50010-000 / BRAZIL");
        assert_eq!(from_china("FI", &["Katu 1"], ["Espoo", "", "02100"]), "Katu 1 / FI-02100 Espoo / FINLAND");
        assert_eq!(from_china("FI", &["Katu 1"], ["Espoo", "", "FI-02100"]), "Katu 1 / FI-02100 Espoo / FINLAND");
    }

    #[test]
    fn local_script_goes_in_local_order_and_latin_in_latin() {
        let from_germany = |party: &Party| lines(party, Country::of("DE").expect("a country")).join(" / ");
        let tokyo = party("JP", &["千代田区丸の内1-1"], ["", "東京都", "100-0005"]);
        assert_eq!(from_germany(&tokyo), "〒100-0005 / 東京都 / 千代田区丸の内1-1 / NAME / JAPAN");
        let latin = party("JP", &["1-1 Marunouchi"], ["Chiyoda", "Tokyo", "100-0005"]);
        assert_eq!(from_germany(&latin), "NAME / 1-1 Marunouchi / Chiyoda, TOKYO / 100-0005 / JAPAN");
        let shenzhen = party("CN", &["南山区样例路1号"], ["深圳市", "广东省", "518000"]);
        assert_eq!(from_germany(&shenzhen), "518000 / 广东省深圳市 / 南山区样例路1号 / NAME / CHINA");
    }

    #[test]
    fn what_is_missing_takes_its_separator_along() {
        assert_eq!(from_china("US", &["1 Elm St"], ["Salem", "", "97301"]), "1 Elm St / SALEM 97301 / UNITED STATES");
        assert_eq!(from_china("MX", &["Calle 5"], ["", "Jal.", "44100"]), "Calle 5 / 44100, JAL. / MEXICO");
        assert_eq!(from_china("HK", &["1 Nathan Rd"], ["Kowloon", "", ""]), "1 Nathan Rd / Kowloon / HONG KONG");
    }

    #[test]
    fn nothing_is_lost_where_the_country_has_no_place_for_it() {
        assert_eq!(from_china("AE", &["Villa 5"], ["Dubai", "", ""]), "Villa 5 / Dubai / UNITED ARAB EMIRATES");
        assert_eq!(from_china("AE", &["Villa 5"], ["Dubai", "Dubai", ""]), "Villa 5 / Dubai / UNITED ARAB EMIRATES");
        assert_eq!(
            from_china("SG", &["1 Orchard Rd"], ["Singapore", "", "238801"]),
            "1 Orchard Rd / SINGAPORE 238801 / SINGAPORE"
        );
        assert_eq!(from_china("HK", &["1 Nathan Rd"], ["Kowloon", "", "999077"]), "1 Nathan Rd / Kowloon / 999077 / HONG KONG");
    }

    #[test]
    fn free_text_is_printed_as_given_and_the_postcode_is_added_only_once() {
        let free = |country, lines: &[&str], postcode| from_china(country, lines, ["", "", postcode]);
        assert_eq!(
            free("IT", &["Via Roma 5", "43012 Fontanellato (PR)"], "43012"),
            "Via Roma 5 / 43012 Fontanellato (PR) / ITALY"
        );
        assert_eq!(free("IT", &["Via Roma 5", "Fontanellato (PR)"], "43012"), "Via Roma 5 / Fontanellato (PR) / 43012 / ITALY");
        assert_eq!(free("IT", &["Via Roma 43012/5", "Parma 143012"], "43012"), "Via Roma 43012/5 / Parma 143012 / ITALY");
        assert_eq!(free("GB", &["Flat 5", "Leeds LE20GJ"], "LE2 0GJ"), "Flat 5 / Leeds LE20GJ / UNITED KINGDOM");
        assert_eq!(free("JP", &["和歌山県17丁目"], "256-2072"), "〒256-2072 / 和歌山県17丁目 / JAPAN");
        assert_eq!(free("SG", &["1 Orchard Rd"], "238801"), "1 Orchard Rd / SINGAPORE 238801 / SINGAPORE");
        assert_eq!(free("DE", &["Weg 5", "07743 Jena", "Germany"], "07743"), "Weg 5 / 07743 Jena / GERMANY");
    }

    #[test]
    fn no_country_is_named_at_home() {
        let home = party("TH", &["4/9 ถนนสุขุมวิท"], ["เขตวัฒนา", "กรุงเทพมหานคร", "10110"]);
        assert_eq!(lines_below_name(&home, home.country), ["4/9 ถนนสุขุมวิท", "เขตวัฒนา", "กรุงเทพมหานคร 10110"]);
    }
}
