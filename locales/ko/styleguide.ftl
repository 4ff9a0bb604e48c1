# 화면을 이루는 조각의 견본을 모두 모은 페이지. 담소를 만드는 사람을 위한 것

styleguide = 화면 견본
styleguide-lead = 모든 조각을 상태마다 실제 템플릿으로 그렸어요. 제목은 파일 이름이고, 누르면 그 견본만 볼 수 있어요.
styleguide-by-itself = 같은 id가 한 페이지에 한 번만 있을 수 있어서 따로 보여 줘요
styleguide-themes = 테마
styleguide-browser = 브라우저 설정대로
styleguide-light = 밝게
styleguide-dark = 어둡게
