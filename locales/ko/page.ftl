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

welcome-title = AI와 나누는 정다운 이야기
welcome-lead = 담소는 가족, 학급, 팀이 함께 쓰는 AI 대화 서비스예요. 직접 운영하는 서버에서 돌아가요. 자바스크립트를 꺼 둔 브라우저에서도 답변이 실시간으로 나타나고, 다른 사이트에는 아무것도 요청하지 않아요.
welcome-point-live = 답변이 한 단어씩 나타나고, 탭을 닫아도 끝까지 이어져요.
welcome-point-own = 대화는 이 서버에만 저장돼요. 답변을 받을 때는 관리자가 연결한 AI 모델로 메시지를 보내요.
welcome-point-open = OpenAI는 물론, Ollama 같은 OpenAI 호환 서버에도 연결할 수 있어요.
welcome-closed = 지금은 새 계정을 만들 수 없어요. 계정이 필요하면 관리자에게 문의해 주세요.

demo-banner = 데모 모델이에요. 진짜 AI는 연결되어 있지 않아요.
demo-banner-how = 지금은 예시 답변만 보여 드려요. 진짜 모델을 연결하려면 서버에서 Ollama를 실행하거나, OPENAI_API_KEY나 OPENAI_BASE_URL을 설정하고 담소를 다시 시작해 주세요.
