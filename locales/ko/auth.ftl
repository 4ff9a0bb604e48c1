# 계정 만들기와 로그인

username = 사용자 이름
password = 비밀번호
password-confirm = 비밀번호 확인
password-hint = 8자 이상이어야 해요. 나에게만 뜻이 통하는 낱말 몇 개를 이어 쓰면 좋아요.

register-title = 계정 만들기
register-first = 첫 번째 계정이에요. 계정을 만들면 관리자가 돼요.
register-closed = 지금은 새 계정을 만들 수 없어요. 계정이 필요하면 관리자에게 문의해 주세요.
register-have-account = 이미 계정이 있나요?
register-name-empty = 사용자 이름을 정해 주세요.
register-name-long = 사용자 이름은 { $limit }자까지 쓸 수 있어요.
register-name-characters = 사용자 이름에는 보이지 않는 문자를 쓸 수 없어요.
register-name-taken = 다른 사람이 사용 중인 이름이에요. 다른 이름을 골라 주세요.
register-password-length = { $least }자부터 { $most }자까지 쓸 수 있어요.
register-password-common = 추측하기 쉬운 비밀번호예요. 다른 비밀번호를 골라 주세요.
register-confirm-differs = 두 비밀번호가 서로 달라요. 다시 한번 입력해 주세요.

login-title = 로그인
login-no-account = 아직 계정이 없나요?
login-cookie-over-http = 로그인했지만 브라우저가 로그인 상태를 저장하지 못했어요. 이 사이트의 쿠키는 https로만 오가는데 지금 화면은 http로 열렸어요. { $address } 주소를 열어 로그인해 주세요. (관리자라면 PUBLIC_URL과 SECURE_COOKIES 설정을 확인해 주세요.)
login-cookie-not-kept = 로그인했지만 브라우저가 쿠키를 저장하지 않아서 로그인 상태가 유지되지 않아요. 이 사이트의 쿠키를 허용한 다음 다시 로그인해 주세요.
login-wrong = 사용자 이름이나 비밀번호가 맞지 않아요. 둘 다 확인하고 다시 시도해 주세요.
login-too-many = { $seconds ->
   *[other] 로그인을 너무 여러 번 시도했어요. { $seconds }초 뒤에 다시 시도해 주세요.
}
login-keeps-draft = 쓰던 글은 그대로 남아 있어요. 로그인하면 대화 화면에서 이어서 보낼 수 있어요.

logout-not-ended = 이 브라우저에서는 로그아웃했어요. 다만 지금은 서버가 저장할 수 없어서 서버에 로그인 기록이 남아 있어요. 나중에 다시 로그인하면 계정 화면의 ‘로그인한 기기’에서 이 기록을 로그아웃해 주세요.
