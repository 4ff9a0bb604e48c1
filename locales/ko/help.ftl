# 도움말

help = 도움말

help-keys = 마우스 없이 쓰기
help-keys-tab = Tab을 누르면 다음 링크나 버튼, 입력란으로, Shift와 Tab을 함께 누르면 이전 것으로 가요. Enter로 그것을 눌러요. 어느 화면에서든 첫 링크는 본문으로 건너뛰는 링크예요.
help-keys-order = 대화에서는 대화 목록, 제목, 메시지 입력란을 지나 오래된 메시지부터 최신 메시지까지 차례로 가요. 메시지 영역에서는 화살표 키로 위아래를 볼 수 있어요.
help-keys-access = 아래 키로는 바로 갈 수 있어요. 크롬과 엣지에서는 Alt, 파이어폭스에서는 Alt와 Shift, 맥에서는 Control과 Option을 함께 눌러 주세요.

help-writing = 메시지 쓰기
help-writing-enter = Enter를 누르면 보내고, Shift와 Enter를 함께 누르면 줄을 바꿔요. 자바스크립트가 꺼져 있으면 Enter는 언제나 줄을 바꾸고, Tab을 누른 다음 Enter를 누르면 보내요.
help-writing-markdown = 내 메시지는 쓴 그대로 보이고, 모델에도 그대로 보내요. 답변은 제목, 목록, 표, 코드, 수식, 각주 같은 마크다운으로 보여요. 메시지에 마크다운을 써도 모델이 알아들어요.

help-reply = 답변을 쓰는 동안
help-reply-goes-on = 화면을 떠나거나 브라우저를 닫아도, 끝나거나 멈추기를 누를 때까지 답변은 이어져요. 어느 기기에서든 대화를 다시 열면 어디까지 왔는지 볼 수 있어요.
help-reply-sign = 답변을 쓰는 동안에는 브라우저 탭의 제목 앞에 ⋯ 표시가, 끝나면 ✓ 표시가 붙어요. 화면 낭독기는 답변이 끝난 것을 한 번만 알려 줘요.

help-script = 자바스크립트 없이 쓰기
help-script-works = 모두 쓸 수 있어요. 화면이 열린 채로 답변이 이어지고, 그동안 다음 메시지를 써 둘 수 있어요.
help-script-lacks = Enter로 보내기, 한 번에 복사하기, 화면의 일부만 바꾸기에는 자바스크립트가 필요해요. 제목 앞의 표시는 대화를 다시 열 때까지 남아 있어요.

help-text = 터미널에서 쓰기
help-text-same = 텍스트 브라우저에서도 같은 화면과 양식을 써요.
help-text-w3m = w3m: Tab으로 메시지 입력란에 가서 Enter를 누르면 편집기가 열려요. 저장하고 편집기를 닫은 다음 Tab과 Enter를 차례로 눌러 주세요. 답변은 다 끝난 뒤에 보여요.
help-text-lynx = Lynx: 화살표 키로 메시지 입력란에 가서 바로 쓰면 돼요. Control과 X를 누른 다음 E를 누르면 편집기에서 쓸 수 있어요. 답변은 오는 대로 보여요.
help-text-links = Links와 ELinks: 화살표 키로 메시지 입력란과 보내기 버튼에 갈 수 있어요. 답변은 오는 대로 보여요.
