# 내 계정: 이름, 비밀번호, 로그인된 곳, 계정 삭제

account = 계정
account-since = { $day }에 만든 계정이에요.
account-name = 사용자 이름
account-name-change = 사용자 이름 바꾸기
account-name-changed = 사용자 이름을 바꿨어요. 이제부터 새 이름으로 로그인해 주세요.
account-password-current = 현재 비밀번호
account-password-current-hint = 자리를 비운 사이에 다른 사람이 삭제하지 못하도록 확인해요.
account-password-new = 새 비밀번호
account-password-new-confirm = 새 비밀번호 확인
account-password-change = 비밀번호 바꾸기
account-password-hint = 다른 기기에서는 모두 로그아웃돼요.
account-password-changed = 비밀번호를 바꿨어요. 다른 기기에서는 모두 로그아웃됐어요.
account-password-wrong = 현재 비밀번호가 맞지 않아요. 확인하고 다시 시도해 주세요.

sessions = 로그인한 기기
sessions-this = 지금 이 브라우저
sessions-unknown = 알 수 없는 브라우저
sessions-used = { $days ->
    [0] 오늘 사용
    [1] 어제 사용
   *[other] { $days }일 전에 사용
}
sessions-began = { $days ->
    [0] 오늘 로그인
    [1] 어제 로그인
   *[other] { $days }일 전에 로그인
}
sessions-end = 로그아웃
sessions-ended = 그 기기에서 로그아웃했어요.
sessions-end-others = 다른 기기에서 모두 로그아웃
sessions-others-ended = 다른 기기에서 모두 로그아웃했어요.
sessions-only = 다른 기기에는 로그인되어 있지 않아요.

delete-account = 계정 삭제
delete-account-hint = 계정에 있는 모든 것이 함께 삭제되고, 되돌릴 수 없어요.
delete-account-title = 계정을 삭제할까요?
delete-account-what = 다음 내용이 완전히 삭제돼요.
delete-account-chats = { $count ->
    [0] 대화(지금은 없음)
   *[other] 대화 { $count }개와 그 안의 모든 메시지
}
delete-account-personas = { $count ->
    [0] 페르소나(지금은 없음)
   *[other] 페르소나 { $count }개
}
delete-account-rest = 설정, 사용자 이름, 비밀번호
delete-account-sessions = 모든 기기에서 로그아웃되고, 작성 중인 답변은 멈춰요. 지금 이름은 다른 사람이 사용할 수 있게 돼요.
delete-account-alone = 여기에는 다른 계정이 없어서, 다음에 계정을 만드는 사람이 관리자가 돼요.
delete-account-needed = 관리자가 한 명뿐이라서, 다른 계정이 모두 삭제된 다음에 삭제할 수 있어요.
delete-account-sure = 네, 계정과 그 안의 모든 것을 삭제할게요
delete-account-not-sure = 계정을 정말 삭제하려면 아래 칸에 체크해 주세요.
delete-account-done = 계정과 그 안에 있던 모든 것을 삭제했어요.
