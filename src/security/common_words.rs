//! Words of which nobody should make a password: this program's and this place's, one's own name,
//! and those that many people in Korea choose, also as they come out of an English keyboard.
//!
//! Everything else is zxcvbn's, which knows English words, names, dates, keyboards and patterns.

use std::{collections::BTreeSet, sync::LazyLock};
use unicode_normalization::UnicodeNormalization;

/// This program's.
const OURS: [&str; 6] = ["damso", "담소", "chat", "채팅", "대화", "잡담"];

/// The words that many people think of first, in Korean.
const KOREAN: &str = "
    가나다라마바사 감사합니다 강아지 건강 결혼 경기도 고구마 고등학교 고양이 공부 광주 교회 귀요미 김밥 김치
    나는나 나의집 내사랑 누구세요 대구 대전 대학교 대한민국 동생 딸기 떡볶이 로그인 마스터 마이크 만두 맥주
    메롱 멍멍이 무지개 미안해 바나나 바보 반갑습니다 배고파 부산 비밀 비밀번호 비번 사랑 사랑해 사랑합니다
    사과 서울 선생님 소주 수박 수원 스타 시험 아버지 아빠 아이디 안녕 안녕하세요 안드로이드 암호 야옹이 어머니
    엄마 여보 여보세요 여신 연습 열려라참깨 영원히 예수님 오빠 왕자 우리가족 우리집 울산 인천 인터넷 일이삼사
    자기야 자전거 점심 제주도 조선 주님 중학교 짜장면 짬뽕 참깨 천사 천재 초등학교 축구 치킨 친구 컴퓨터
    코리아 태극기 테스트 토끼 파이팅 패스워드 평화 포도 하나님 하나둘셋 하느님 하하하 학교 학생 한국 한글 할머니
    할아버지 해바라기 행복 행복해 홍길동 화이팅 힘내 ㅁㄴㅇㄹ ㅂㅈㄷㄱ ㅋㅌㅊㅍ";

/// The words above, lower case, as they are and as their keys.
static COMMON: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| both_ways(OURS.into_iter().chain(KOREAN.split_whitespace())));

/// The shortest word that is looked for, as it is inside of too many others else.
const SHORTEST: usize = 2;
const SHORTEST_LATIN: usize = 3;

/// The words of which a password should not be made, for one person at one place.
pub struct Words(BTreeSet<String>);

impl Words {
    /// All of them for somebody with this name, at a place with this host name.
    pub(crate) fn for_name(name: &str, host: Option<&str>) -> Self {
        let host = host.into_iter().flat_map(|host| host.split(['.', '-']));
        let name = name.split_whitespace().chain([name]);
        Self(both_ways(name.chain(host)))
    }

    /// Estimates how many guesses find a password by trying what is likely first.
    pub(crate) fn guesses(&self, password: &str) -> u64 {
        let own: Vec<&str> = self.0.iter().map(String::as_str).collect();
        let lower = password.to_lowercase().nfc().collect::<String>();
        let (rest, found) = self.without_words(lower);
        let judged = |text: &str| zxcvbn::zxcvbn(text, &own).guesses();
        let as_it_is = judged(password);
        if found == 0 {
            return as_it_is;
        }
        // Each word is one of so many.
        let words = (self.0.len() + COMMON.len()) as u64;
        let of_words = words.saturating_pow(found);
        as_it_is.min(of_words.saturating_mul(judged(&rest).max(1)))
    }

    /// Takes the words out of a text, and counts them.
    fn without_words(&self, mut text: String) -> (String, u32) {
        let mut words: Vec<&String> = self.0.iter().chain(&*COMMON).collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let mut found = 0;
        for word in words {
            let times = text.matches(word.as_str()).count();
            if times > 0 {
                // A sign that none of them has, so that what is around makes no new word.
                text = text.replace(word.as_str(), "\u{1}");
                found += u32::try_from(times).unwrap_or(u32::MAX);
            }
        }
        (text.replace('\u{1}', ""), found)
    }
}

/// The words that are long enough, lower case, as they are and as their keys.
fn both_ways<'a>(words: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut both = BTreeSet::new();
    for word in words {
        let word: String = word.to_lowercase().nfc().collect();
        for word in [keys(&word), word] {
            let shortest = if word.is_ascii() {
                SHORTEST_LATIN
            } else {
                SHORTEST
            };
            if word.chars().count() >= shortest {
                both.insert(word);
            }
        }
    }
    both
}

/// Spells Korean as it comes out (두벌식) while the keyboard is an English one.
fn keys(word: &str) -> String {
    const FIRST: [&str; 19] = [
        "r", "r", "s", "e", "e", "f", "a", "q", "q", "t", "t", "d", "w", "w", "c", "z", "x", "v",
        "g",
    ];
    const MIDDLE: [&str; 21] = [
        "k", "o", "i", "o", "j", "p", "u", "p", "h", "hk", "ho", "hl", "y", "n", "nj", "np", "nl",
        "b", "m", "ml", "l",
    ];
    const LAST: [&str; 27] = [
        "r", "r", "rt", "s", "sw", "sg", "e", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "a",
        "q", "qt", "t", "t", "d", "w", "c", "z", "x", "v", "g",
    ];
    // Letters that stand alone, from ㄱ on.
    const ALONE: [&str; 51] = [
        "r", "r", "rt", "s", "sw", "sg", "e", "e", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg",
        "a", "q", "q", "qt", "t", "t", "d", "w", "w", "c", "z", "x", "v", "g", "k", "o", "i", "o",
        "j", "p", "u", "p", "h", "hk", "ho", "hl", "y", "n", "nj", "np", "nl", "b", "m", "ml", "l",
    ];
    let mut out = String::new();
    for c in word.nfd() {
        let key = |from: u32, keys: &[&'static str]| {
            let at = u32::from(c).checked_sub(from)?;
            keys.get(usize::try_from(at).ok()?).copied()
        };
        let key = key(0x1100, &FIRST)
            .or_else(|| key(0x1161, &MIDDLE))
            .or_else(|| key(0x11a8, &LAST))
            .or_else(|| key(0x3131, &ALONE));
        match key {
            Some(key) => out.push_str(key),
            None => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korean_on_an_english_keyboard_is_read() {
        for (word, typed) in [
            ("안녕하세요", "dkssudgktpdy"),
            ("비밀번호", "qlalfqjsgh"),
            ("사랑해", "tkfkdgo"),
            ("대한민국", "eogksalsrnr"),
            ("떡볶이", "ejrqhrdl"),
            ("ㅂㅈㄷㄱ", "qwer"),
            ("값", "rkqt"),
            ("damso", "damso"),
        ] {
            assert_eq!(keys(word), typed, "{word}");
        }
    }

    #[test]
    fn passwords_that_others_would_try_first_are_known() {
        let words = Words::for_name("annann", Some("chat.haneul-school.example"));
        for common in [
            // Those of every list.
            "password",
            "12345678",
            "qwertyuiop",
            "iloveyou1",
            "Password1",
            // Her own name.
            "annannann",
            "Annann2024",
            "annann!!",
            // This program and this place.
            "damso1234",
            "DamsoChat1",
            "담소담소담소담소",
            "haneulschool",
            "Haneul2026",
            "school1234",
            // Korean, and the same on an English keyboard.
            "dkssudgktpdy",
            "qlalfqjsgh",
            "tkfkdgo1234",
            "비밀번호1234",
            "안녕하세요반갑습니다",
            "eogksalsrnr1",
            "TKFKDGO123",
            "tkfkdtkfkd",
            "ㅁㄴㅇㄹㅁㄴㅇㄹ",
            "사랑해사랑해1",
        ] {
            let guesses = words.guesses(common);
            assert!(guesses < 1_000_000, "{common}: {guesses}");
        }
        for good in [
            "correct horse battery",
            "바다건너우체국",
            "tr0ub4dor&3x",
            "a door made of plums",
            "damso is what we read on rainy days",
            "annann keeps nine blue herons",
            "초록지붕위의 세번째 고양이",
            "plümage8",
        ] {
            let guesses = words.guesses(good);
            assert!(guesses >= 1_000_000, "{good}: {guesses}");
        }
    }

    #[test]
    fn keyboards_of_korean_names_are_read() {
        let words = Words::for_name("김하늘", None);
        for common in ["김하늘1234", "rlagksmf12", "rlagksmfrlagksmf"] {
            assert!(words.guesses(common) < 1_000_000, "{common}");
        }
    }
}
