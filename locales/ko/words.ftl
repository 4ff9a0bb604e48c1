# 답변의 HTML은 모든 언어에서 같으므로 스타일 시트가 보여 주는 낱말. 한 줄에 하나씩이에요.
words-copy = 복사
words-wrap = 자동 줄 바꿈
words-plain = 원본
words-note = 참고
words-tip = 팁
words-important = 중요
words-warning = 경고
words-caution = 주의
