# 모든 화면의 틀과 첫 화면

language-name = 한국어
app-name = 담소
skip-to-content = 본문으로 건너뛰기
skip-to-composer = 메시지 입력란으로 건너뛰기
menu = 메뉴
language = 언어
chats = 대화 목록
new-chat = 새 대화
sign-in = 로그인
sign-out = 로그아웃
register = 계정 만들기
back-home = 처음으로

welcome-title = 모델과 나누는 정다운 이야기
welcome-lead = 담소는 가족, 학급, 팀이 함께 쓰는 AI 대화 프로그램이에요. 우리 컴퓨터에서 돌아가요. 자바스크립트가 없어도 어느 브라우저에서나 답변이 바로바로 나타나고, 다른 사이트에는 아무것도 요청하지 않아요.
welcome-point-live = 답변이 한 단어씩 나타나고, 다른 화면을 보는 동안에도 계속 이어져요.
welcome-point-own = 대화는 우리 데이터베이스에만 저장돼요.
welcome-point-open = OpenAI는 물론, Ollama처럼 같은 프로토콜을 쓰는 모든 서버와 함께 쓸 수 있어요.
welcome-closed = 지금은 새 계정을 만들 수 없어요.

demo-banner = 데모 모델이에요. 진짜 AI는 연결되어 있지 않아요.
demo-banner-how = 데모는 답변이 어떻게 나타나는지만 보여 줘요. 진짜 모델을 연결하려면 OPENAI_API_KEY나 OPENAI_BASE_URL을 설정하고 담소를 다시 시작해 주세요.
