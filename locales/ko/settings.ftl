# 설정할 수 있는 것: 대화마다, 기본값으로, 페르소나에서. 모델과 제목

settings = 설정
settings-replies = 대화 기본값
save = 저장
settings-defaults = 새 대화의 기본값
settings-defaults-hint = 새 대화는 이 설정으로 시작해요. 이미 있는 대화의 설정은 바뀌지 않아요.
settings-saved = 저장했어요.
settings-models = 모델
settings-models-none = 모델 목록을 가져오지 못했어요. 모델 이름을 직접 써도 돼요.
settings-models-count = { $count ->
   *[other] 모델 서버에 모델이 { $count }개 있어요.
}
settings-models-again = 목록 새로 고침
settings-titles = 대화 제목
settings-titles-model = 모델이 제목 짓기
settings-titles-line = 첫 메시지의 첫 줄로 하기

look = 화면 설정
look-hint = 어디에서 로그인하든 이렇게 보여요.
look-hint-stranger = 이 브라우저에 기억해 두고, 여기서 계정을 만들면 그 계정에도 그대로 적용해요.
look-theme = 테마
look-theme-system = 기기 설정대로
look-theme-light = 밝게
look-theme-dark = 어둡게
look-text = 글자 크기
look-text-small = 작게
look-text-normal = 보통
look-text-large = 크게
look-text-larger = 아주 크게
look-density = 간격
look-density-roomy = 넉넉하게
look-density-compact = 촘촘하게

writing = 메시지 보내기
writing-how = 메시지를 보내는 방법
writing-enter = Enter로 보내기
writing-enter-hint = Shift와 Enter를 함께 누르면 줄이 바뀌어요. 자바스크립트가 꺼져 있으면 Enter를 눌러도 줄이 바뀌니 버튼으로 보내 주세요.
writing-line = 한 줄 입력란에서 Enter로 보내기
writing-line-hint = 자바스크립트가 꺼져 있어도 Enter로 보낼 수 있어요. 이미 여러 줄인 글은 큰 입력란에 그대로 보여요.
writing-button = 버튼으로만 보내기
writing-button-hint = Enter를 누르면 언제나 줄이 바뀌어요.

chat-settings = 대화 설정
chat-persona = 페르소나: { $persona }

preset-model = 모델
preset-model-too-long = 모델 이름은 { $limit }자까지 쓸 수 있어요.
preset-model-unlisted = 모델 서버의 목록에 “{ $name }” 모델이 없어요. 이름을 확인하거나, 그대로 사용하려면 다시 보내 주세요.
preset-prompt = 시스템 프롬프트
preset-prompt-hint = 대화에 앞서 모델에 알려 주는 내용이에요. 어떤 역할로, 어떻게 답할지 적어 보세요.
preset-prompt-too-long = 시스템 프롬프트가 { $length }자예요. { $limit }자까지 쓸 수 있어요.
preset-temperature = 온도
preset-temperature-hint = 0부터 2까지. 높을수록 다양하게 답해요.
preset-temperature-range = 온도는 0부터 2까지의 숫자로 써 주세요.
preset-top-p = Top-p
preset-top-p-hint = 0부터 1까지. 낮을수록 가능성이 높은 낱말만 골라요.
preset-top-p-range = Top-p는 0부터 1까지의 숫자로 써 주세요.
preset-max-tokens = 답변의 최대 길이
preset-max-tokens-hint = 1부터 1,000,000토큰까지. 토큰은 낱말을 잘게 나눈 조각이에요.
preset-max-tokens-range = 답변의 최대 길이는 1부터 1,000,000까지의 정수로 써 주세요.
preset-effort = 추론 강도
preset-effort-hint = 먼저 생각하고 답하는 모델에만 적용돼요.
preset-effort-unknown = 추론 강도는 다음 중에서 골라 주세요: { $words }
preset-not-set = 모델 기본값
preset-effort-none = 없음
preset-effort-minimal = 최소
preset-effort-low = 낮음
preset-effort-medium = 보통
preset-effort-high = 높음
preset-effort-xhigh = 매우 높음
preset-effort-max = 최대
preset-empty-hint = 비워 두면 모델의 기본값을 사용해요.

personas = 페르소나
personas-lead = 페르소나는 이름, 지시문, 인사말을 정해 둔 모델이에요.
personas-none = 아직 페르소나가 없어요.
personas-start = 대화 시작
personas-new = 새 페르소나
personas-edit = 페르소나 수정
personas-duplicate = 복제
personas-copy = { $name } (사본)
personas-delete = 이 페르소나를 삭제할까요?
personas-delete-question = 이 페르소나로 시작한 대화는 그대로 남아요.
personas-delete-yes = 페르소나 삭제
personas-name = 이름
personas-name-empty = 페르소나의 이름을 써 주세요.
personas-name-too-long = 이름은 { $limit }자까지 쓸 수 있어요.
personas-greeting = 인사말
personas-greeting-hint = 새 대화에 먼저 보여요. 모델에는 보내지 않아요.
personas-greeting-too-long = 인사말은 { $limit }자까지 쓸 수 있어요.
personas-starters = 추천 질문
personas-starters-hint = 한 줄에 하나씩 써 주세요. 새 대화에 바로 보낼 수 있는 버튼으로 보여요.
personas-starters-too-long = 추천 질문은 { $count }개까지, 모두 합해 { $limit }자까지 쓸 수 있어요.
personas-too-many = 페르소나는 { $limit }개까지 만들 수 있어요. 먼저 하나를 삭제해 주세요.
personas-gone = 이 대화의 페르소나가 그사이 삭제됐어요. 쓰던 글은 그대로 남아 있어요. 다시 보내면 페르소나 없이 대화를 시작해요.

reply-other-model = 다른 모델로 답변받기
reply-other-model-title = 다른 모델로 답변받기
reply-other-model-go = 답변받기
reply-rejects-temperature = 이 모델은 설정한 온도를 받아들이지 않아요. 대화 설정에서 바꾸거나 비운 다음 다시 시도해 주세요.
reply-rejects-top-p = 이 모델은 설정한 Top-p를 받아들이지 않아요. 대화 설정에서 바꾸거나 비운 다음 다시 시도해 주세요.
reply-rejects-max-tokens = 이 모델은 설정한 답변의 최대 길이를 받아들이지 않아요. 대화 설정에서 바꾸거나 비운 다음 다시 시도해 주세요.
reply-rejects-effort = 이 모델은 설정한 추론 강도를 받아들이지 않아요. 대화 설정에서 바꾸거나 ‘모델 기본값’을 고른 다음 다시 시도해 주세요.
