## The frame of the page

title = camscope – AI가 사진의 어디를 보고 판단했는지 보여 줘요
tagline = AI가 사진의 어디를 보고 판단했는지 보여 줘요
version-new = camscope의 새 버전이 준비됐어요.
version-use = 새 버전 쓰기
version-others = camscope의 다른 탭을 먼저 닫아 주세요.
language =
    .aria-label = 언어
tabs =
    .aria-label = 할 일
tab-look = 사진 한 장
tab-check = 사진 여러 장
tab-teach = 직접 가르치기
tab-about = 소개
network = 신경망
method = 방법
stop = 멈추기
go-on = 계속하기
try-again = 다시 시도
dismiss =
    .aria-label = 닫기
choose-photos = 사진 선택
of-file = { $name }: { $what }
map-of =
    .aria-label = “{ $class }” 맵
and-more = 그 밖에 { $n }개
passes = { $what }: { $of }번 중 { $done }번 계산함
computing = { $what } 계산 중 …
left-seconds =
    { $n ->
        [1] 1초쯤 남음
       *[other] { $n }초쯤 남음
    }
left-minutes =
    { $n ->
        [1] 1분쯤 남음
       *[other] { $n }분쯤 남음
    }

## The device and the engine

device-unknown = { "" }
device-cpu = CPU · { $why }
device-webgpu = WebGPU · { $name }
device-webgpu-timed = WebGPU · { $name } · 사진 한 장에 { $webgpu }ms, CPU는 { $cpu }ms
cpu-asked = 요청하신 대로
cpu-software = 그래픽 어댑터가 소프트웨어뿐({ $name })
cpu-faster = 사진 한 장에 { $cpu }ms, 어댑터는 { $webgpu }ms
cpu-instead = WebGPU 엔진이 멈춤
webgpu-none = 이 브라우저에는 WebGPU가 없음
webgpu-mute = WebGPU에 어댑터를 요청할 수 없음
webgpu-silent = 그래픽 어댑터가 3초 안에 응답하지 않음
webgpu-no-adapter = WebGPU가 쓸 수 있는 그래픽 어댑터가 없음
webgpu-no-timestamps = 그래픽 어댑터에 타임스탬프 쿼리가 없음
webgpu-small-buffers = 그래픽 어댑터의 버퍼가 너무 작음
webgpu-nameless = 그래픽 어댑터
webgpu-asked = WebGPU를 요청하셨지만 쓸 수 없어요({ $why }). 대신 CPU로 계산해요.
webgpu-stopped = WebGPU 엔진이 멈췄어요({ $why }). 사진은 CPU가 이어서 볼게요.
device-silent = 기기가 결과를 돌려주지 않음
adapter-lost = 그래픽 어댑터와 연결이 끊어짐
engine-lost = 프로그램을 내려받지 못했어요
device-mute = 장치가 열리지 않아요
engine-refused = 브라우저가 엔진을 시작하지 못하게 함
engine-starting = 엔진 시작 중 …
    .aria-label = 엔진
download-stalled = 10초 넘게 신경망 데이터가 오지 않습니다. 연결이 돌아오면 이어서 받습니다. 돌아오지 않으면 페이지를 새로 고치세요.
engine-waiting = 엔진을 기다리는 중 …
loading-megabytes = 신경망 불러오는 중: { $all } MB 중 { $done } MB
    .aria-label = 엔진
engine-ready = 준비됨 · { $seconds }초
    .aria-label = 엔진
engine-ready-cache = 준비됨 · 저장된 파일에서 { $seconds }초
    .aria-label = 엔진
engine-failed = 엔진이 돌고 있지 않음
    .aria-label = 엔진
engine-stopped = 엔진이 멈췄어요({ $why }). 페이지를 새로 고쳐 주세요.
engine-restarted = 엔진이 멈췄어요({ $why }). 새 엔진이 나머지 사진을 이어서 볼게요.
engine-unfit = 페이지와 엔진의 버전이 맞지 않아요. 페이지를 새로 고쳐 주세요.
engine-no-model = 아직 불러온 신경망이 없어요.
engine-not-seen = 이 신경망이 아직 보지 않은 사진이에요.
engine-not-finite = 신경망의 결과가 숫자가 아니에요. 장치 문제일 수 있으니 CPU로 해 보세요.
engine-lesson = 아직 구별할 것이 없어요. 클래스가 둘 이상, 클래스마다 사진이 한 장 이상 있어야 해요.
engine-stopped-early = 첫 에폭이 끝나기 전에 학습을 멈췄어요. 바뀐 것은 없어요.
engine-no-features = 이 신경망으로 아직 살펴보지 않은 사진이에요.
engine-class = { $class }번 클래스는 없어요. 이 신경망은 { $classes }개를 구별해요.
engine-diverged = 에폭 { $epoch }, 단계 { $step }에서 손실 값이 { $loss }; 학습률을 낮춰 보세요
device-no-adapter = 그래픽 어댑터를 열 수 없음({ $why }); CPU를 쓰세요
plain = { $text }

## Networks and files

models-lost = 신경망 목록을 불러오지 못했어요: { $why }.
models-damaged = 신경망 목록을 읽을 수 없어요. 다른 버전으로 만든 사이트예요.
models-none = 신경망 목록이 비어 있어요. 가중치 없이 만든 사이트예요.
model-unknown = “{ $name }” 신경망은 여기에 없어요. 첫 번째 신경망을 쓸게요.
model-card = 신경망 설명이 잘못됐어요: { $why }.
model-lost = “{ $title }” 신경망을 불러오지 못했어요: { $why }.
weights-lost = 연결이 끊어졌어요. 연결을 확인하고 페이지를 새로 고쳐 주세요
weights-refused = 가중치({ $url }) 요청에 서버가 { $status } 응답을 보냄
weights-none = 서버가 아무것도 보내지 않음
fetch-lost = { $url } 파일을 가져올 수 없음. 연결을 확인하고 페이지를 새로 고쳐 주세요
fetch-refused = { $url } 요청에 서버가 { $status } 응답을 보냄
fetch-damaged = { $url } 파일이 손상됨
sample-lost = 예시 사진을 불러오지 못했어요: { $why }.
file-gone = 파일을 더는 읽을 수 없어요. 다시 선택해 주세요.
file-unopened = 파일을 열 수 없어요: { $why }
photo-empty = 빈 파일이에요(0바이트). 다른 사본을 선택해 주세요.
photo-not = 열 수 있는 사진이 아니라 { $kind }입니다. { $advice }
photo-rare = 드문 방식({ $coding })으로 저장된 JPEG라서 브라우저도 이 프로그램도 보여 줄 수 없어요. 일반 JPEG로 다시 저장해 주세요.
jpeg-arithmetic = 산술 부호화
jpeg-lossless = 무손실
jpeg-hierarchical = 계층형
jpeg-twelve-bits = 색상당 12비트
advice-choose = JPEG, PNG, WebP, GIF, BMP 파일을 선택해 주세요.
advice-convert = JPEG나 PNG로 저장해 주세요.
advice-phone = JPEG로 저장하거나, 휴대전화 카메라 설정에서 “높은 호환성”을 선택해 주세요.
advice-save = 브라우저에서 그 주소를 열어 사진을 저장해 주세요.
advice-fetch = `git lfs pull`로 원래 파일을 받을 수 있어요.
advice-copy = 원본에서 다시 복사해 주세요.
photo-cut = 사진이 중간에 잘려 있어요. 파일을 다시 내려받거나 복사해 주세요.
photo-damaged = 사진이 손상되어 열 수 없어요({ $why }). 다른 사본으로 해 보세요.
photo-large = 사진이 { $width } × { $height } 픽셀, { $found }메가픽셀이에요. { $fits }메가픽셀까지 볼 수 있으니 먼저 줄여 주세요.
kind-pdf = PDF 문서
kind-archive = 압축 파일이나 오피스 문서
kind-tiff = TIFF 그림
kind-raw = 카메라 RAW 파일
kind-jxl = JPEG XL 그림
kind-jp2 = JPEG 2000 그림
kind-psd = 포토샵 문서
kind-icon = 아이콘
kind-svg = SVG 그림
kind-hdr = HDR 그림
kind-pnm = PPM, PGM, PBM 그림
kind-audio = 소리 파일
kind-html = 웹 페이지
kind-lfs = Git LFS 포인터
kind-zeros = 0으로만 채워진 파일
kind-heic = HEIC 사진
kind-avif = AVIF 그림
kind-video = 동영상
kind-text = 텍스트 파일
kind-unknown = 알 수 없는 파일
note-animated = 움직이는 그림이라 첫 장면만 썼어요.
note-by-browser = 브라우저가 연 형식이에요. 다른 브라우저에서는 열리지 않거나 색이 조금 다를 수 있어요.
note-sixteen-bit = 색마다 16비트인 파일이라 신경망이 보는 8비트로 줄였어요.

## Look

drop = 여기에 사진을 놓으세요
drop-or = 붙여넣어도 돼요. 사진은 이 기기에만 있고, 아무것도 올리지 않아요.
photo-input =
    .aria-label = 사진 선택
samples = 사진이 없나요? 예시로 해 보세요.
sample-cat = 고양이
sample-coffee = 커피
sample-motorcycle = 오토바이
sample-rocket = 로켓
sample-astronaut = 우주비행사
stage-photo =
    .aria-label = 선택한 사진
answer = “{ $class }” 같아요 ({ $percent }%).
answer-unsure = AI가 확신하지 못해요. 가장 그럴듯한 답: “{ $class }” ({ $percent }%).
answer-other = “{ $class }”: 확률 { $percent }%.
colours-signed = 붉을수록 “{ $class }”라고 본 근거가 크고, 푸른 곳은 반대 근거예요.
colours-other = 색이 진할수록 “{ $class }”라고 본 근거가 커요.
by-method = { $method }: { $what }
crop = AI가 본 부분
unusable = { $name }: 쓸 수 없음
looking = { $name } 보는 중 …
stage-read =
    .title = 화살표 키로 맵을 한 칸씩 읽을 수 있어요
here = 여기 { $value }
legend-cam =
    .title = { $low }부터 { $high }까지예요. 평균에 상수를 더하면 클래스의 점수가 돼요.
legend =
    .title = { $low }부터 { $high }까지예요. 눈금은 방법마다 달라요.
legend-against = 반대
legend-for = 큰 근거
legend-little = 근거 없음
legend-much = 가장 큰 근거
opacity = 맵 세기
colours = 색
colours-note =
    .title = ‘모든 색각’이라고 적힌 색은 어떤 색각으로도 똑같이 읽혀요. 고른 색은 다음에 와도 그대로예요.
colours-evidence = 찬성은 빨강, 반대는 파랑
colours-jet = 무지개
colours-turbo = 부드러운 무지개
colours-viridis = 보라에서 노랑 · 모든 색각
colours-inferno = 검정에서 노랑 · 모든 색각
colours-grey = 검정에서 하양 · 모든 색각
scale = 색 기준
scale-note =
    .title = 다섯 맵 공통: 맵 다섯 개를 서로 비교할 수 있어요. 맵마다 따로: 맵 하나하나가 모든 색을 써요.
scale-shared = 다섯 맵 공통
scale-map = 맵마다 따로
grid = AI가 본 칸 그대로
grid-note =
    .title = 부드럽게 하지 않은, 신경망의 칸 그대로
box = 가장 강한 곳에 테두리
box-note =
    .title = 맵 최댓값의 20%를 넘는 가장 큰 영역을 둘러싸요
sees = AI의 답
search = 다른 것도 찾아보기
search-hint =
    .placeholder = 클래스 이름, 예: bow tie
class-unknown = “{ $name }” 클래스는 이 신경망의 { $n }개 클래스에 없어요.
timing = 사진 { $decode } ms · 신경망 { $network } ms · 맵 { $maps } ms · { $megabytes } MB
strip =
    .aria-label = 내 사진
strip-add =
    .title = 사진 추가
remove =
    .aria-label = { $name } 빼기
accuracy = 시험 사진의 { $percent }%를 맞혀요
    .title = { $data }
footer = 맞혔더라도 엉뚱한 것을 보고 맞힌 AI가 있어요. 풀을 보고 사슴이라고 하는 식이죠. 색은 사진의 어디가 답의 근거인지 보여 줘요. 사진은 이 기기를 떠나지 않아요.
stage = 단계
stage-note =
    .title = 앞 단계는 고운 무늬를, 뒤 단계는 사물을 봐요
stage-at = { $n }
stage-last = { $n }, 마지막
mirrored = 뒤집어서도 보기
mirrored-note =
    .title = 사진과 좌우로 뒤집은 사진을 각각 세 가지 대비로 보고 평균해요. 잡음은 줄고 계산은 여섯 배예요

## Methods

method-cam = 전역 평균 풀링과 선형 층 하나로 된 헤드가 필요해요. 맵의 평균에 클래스의 편향을 더하면 점수가 돼요. 마지막 격자의 칸마다 정확하지만, 칸 하나는 사진에서 제자리보다 넓은 곳을 봐요.
method-grad-cam = 채널마다 기울기의 평균을 곱해요. 그래서 기울기의 부호가 다른 곳은 잘못 그려져요.
method-hires-cam = 자리마다 기울기와 활성값을 곱해요. 마지막 단계에서는 헤드가 무엇이든 점수가 무엇으로 이루어졌는지 보여 줘요.
method-grad-cam-plus-plus = 점수를 올리는 것만 세고, 작거나 여러 번 나오는 것도 보이게 가중치를 줘요. 클래스에 반대되는 근거는 보지 못해요.
method-xgrad-cam = Grad-CAM과 같지만 기울기에 활성값으로 가중치를 줘요. 활성값의 합이 0에 가까운 채널은 크기가 잘못돼요.
method-layer-cam = 자리마다 양의 기울기만 곱해요. 앞 단계에서 또렷하지만, 클래스에 반대되는 근거는 보지 못해요.
method-eigen-cam = 활성값에서 가장 강한 무늬예요. 신경망이 본 것이지 내린 결론이 아니라서, 모든 클래스에서 같아요.
method-eigen-grad-cam = 기울기 곱하기 활성값에서 가장 강한 무늬예요. HiResCAM에서 잡음을 뺀 것과 같고, 합이 점수라는 성질도 함께 빠져요.
method-score-cam = 채널마다 그 채널로 비추어 본 사진을 신경망에 보이고, 나온 점수로 가중치를 줘요. 기울기가 필요 없지만, 신경망이 배운 적 없는 사진을 쓰게 돼요.
method-ablation-cam = 채널을 하나씩 빼고 점수가 얼마나 줄어드는지로 가중치를 줘요. 서로 대신할 수 있는 채널은 너무 작게 나와요.
method-full-grad = 입력과 신경망의 모든 바이어스에서 기울기의 크기만 더해요. 자세하지만 부호가 없어요.
method-occlusion = 한 자리씩 회색으로 가리고 점수가 얼마나 줄어드는지 봐요. 믿기 쉽지만 거칠고, 회색도 신경망에는 낯선 것이에요.
method-as-cam = { $assumes } 선형 헤드 아래 마지막 단계에서는 배율만 다를 뿐 CAM과 같은 맵이에요.
cost-forward = 순전파 한 번
cost-backward = 순전파 한 번, 클래스마다 역전파 한 번
cost-many = 순전파 수백 번

## Check

check-lead = 폴더 전체를 한꺼번에 보고, 맞혔더라도 엉뚱한 곳을 보고 맞힌 사진을 찾아요.
check-photos =
    .aria-label = 사진과 상자 파일 선택
check-folder-input =
    .aria-label = 폴더 선택
check-drop = 여기에 사진 폴더를 놓으세요
check-drop-boxes = 사진 옆에 YOLO의 .txt나 Pascal VOC의 .xml이 있으면 상자도 함께 가져와요. 아무것도 올리지 않아요.
check-choose-folder = 폴더 선택
check-choose-photos = 사진이나 상자 선택
check-clear = 모두 빼기
check-no-photo = 사진이 없어요. JPEG, PNG, WebP, GIF, BMP를 볼 수 있어요.
check-bad-boxes = { $name }: 상자가 아닌 것이 있어요. { $why }.
check-more-bad-boxes = 파일 { $n }개에 상자가 아닌 줄이 있어요. 첫 번째는 { $name }: { $why }.
check-no-photo-for = 상자 파일 { $n }개에 맞는 사진이 없어요. 첫 번째: { $name }
check-not-yolo = { $line }번째 줄은 0부터 1까지의 수로 된 "class x y width height"여야 하는데 "{ $found }"임
check-not-xml = XML이 아님: { $why }
check-not-voc = Pascal VOC의 XML이 아닙니다: <object>가 든 <annotation>이 아니라 <{ $root }>입니다
check-not-object = { $line }번째 줄은 <name>과 <bndbox>가 있는 Pascal VOC의 <object>가 아닙니다: { $missing }이(가) 없거나 숫자가 아닙니다
check-pixels = { $line }번째 줄에 1보다 큰 수가 있습니다("{ $found }"). YOLO는 사진 크기에 대한 비율인데, 이 값은 픽셀로 보입니다
check-no-area = { $line }번째 줄의 상자는 넓이가 없습니다("{ $found }")
check-boxes-added =
    { $n ->
        [1] 사진 1장의 상자를 파일에서 가져왔어요.
       *[other] 사진 { $n }장의 상자를 파일에서 가져왔어요.
    }
check-no-engine = 엔진이 없어요. 위의 알림을 보세요.
check-photo-stopped = 엔진이 멈춘 사진
check-engine-stopped = 엔진이 멈췄어요({ $why }). 페이지를 새로 고쳐 주세요. 파일은 그대로예요.
check-all-looked =
    { $of ->
        [1] 사진을 봤어요.
       *[other] 사진 { $of }장을 모두 봤어요.
    }
check-some-looked = 사진 { $of }장 중 { $n }장을 봤어요. 나머지에는 이유가 적혀 있어요.
check-stopped = { $of }장 중 { $done }장에서 멈췄어요.
check-progress = { $of }장 중 { $done }장 · { $left }
check-bar =
    .aria-label = 본 사진

## Check: the gallery

check-gallery =
    .aria-label = 사진; 화살표 키로 넘겨 보세요
check-none-fits = 조건에 맞는 사진이 없어요.
check-inside = 안쪽 { $share }
check-class-filter = 클래스
check-all = 모두
check-sure = 확률
check-inside-most = 상자 안 근거
check-order = 순서
check-order-added = 넣은 순서
check-order-name = 이름
check-order-class = 클래스
check-order-confidence = 확률이 낮은 것부터
check-order-inside = 안쪽 근거가 적은 것부터
check-count = 사진 { $of }장 중 { $n }장
check-take = 보이는 것 내보내기:
check-csv = 표(CSV)
check-zip = 오버레이(ZIP)
check-sheet = 모아 보기(PNG)
check-npy = 원래 맵(.npy)
check-no-map = 아직 맵이 없어요.
check-drawing = { $of }장 중 { $done }장 그리는 중 …
check-no-archive = 압축 파일을 만들지 못했어요. 이름이 같은 사진이 있거나 너무 커요.
check-no-sheet = 모아 보기를 그리지 못했어요.
check-by-class = 클래스별
check-by-class-how = 클래스마다 맵을 평균한 것이에요. 보통 어디에서 알아보는지 알 수 있어요. 어느 사진에서나 가장자리에서 알아보는 클래스라면 다른 것을 보고 있는 거예요.
check-class = 사진 { $n }장, 확률 { $sure }
check-mean-map =
    .aria-label = “{ $class }” 평균 맵
check-class-alone =
    .title = 이 사진들만 보기

## Check: one photo

evidence-by = { $name }: “{ $class }” { $method }
check-classes =
    .aria-label = 클래스
check-map-by = 맵 방법
check-draw-box = 사물에 상자를 그려 보세요. 근거가 그 안에 얼마나 있을까요?
check-no-evidence = 이 클래스를 뒷받침하는 것이 없어요.
check-found = “{ $class }” 근거의 { $inside }가 안쪽에 있어요. 상자는 신경망이 본 것의 { $covered }예요. { $verdict }
check-verdict-all = 상자가 신경망이 본 것을 거의 다 담고 있어서 알 수 있는 것이 없어요.
check-verdict-chance = 우연히 들어갈 만큼뿐이에요. 신경망은 다른 곳을 봐요.
check-verdict-most = 판단한 근거가 대부분 바깥에 있어요.
check-verdict-part = 판단한 근거의 일부가 바깥에 있어요.
check-verdict-inside = 상자 안을 보고 있어요.
check-hit = 안쪽
check-missed = 바깥쪽
check-fits = 맵이 가장 높은 곳은 { $hit }이에요. 근거를 둘러싼 상자가 그린 상자와 { $overlap } 겹쳐요. 찾은 것으로 쳐요.
check-fits-not = 맵이 가장 높은 곳은 { $hit }이에요. 근거를 둘러싼 상자가 그린 상자와 { $overlap } 겹쳐요. 0.5보다 작아 놓친 것으로 쳐요.
check-chance-line =
    .title = 선: 우연이라면 상자에 들어갈 만큼
check-box-evidence = 근거에 상자 그리기
check-box-add = 상자 넣기
check-box-undo = 마지막 상자 지우기
check-edges =
    .aria-label = 마지막 상자의 가장자리(사진에 대한 %)
check-left = 왼쪽 %
check-top = 위 %
check-right = 오른쪽 %
check-bottom = 아래 %
check-nothing-to-box = 이 클래스를 뒷받침하는 것이 없어서 상자를 그릴 근거가 없어요.
check-teach-as = 이렇게 가르치기
check-lend-class =
    .aria-label = “직접 가르치기”의 클래스
check-lend = 이 클래스에 넣기
check-lent = “직접 가르치기”의 “{ $class }” 사진에 들어 있어요.

## Check: measures

check-trust = 이 맵을 얼마나 믿을 수 있을까요?
check-measure = 재 보기
check-random = 무작위 가중치로 해 보기
check-measuring = 재는 중
check-randomising = 가중치를 무작위로 바꾸는 중
check-measure-bar =
    .aria-label = 재는 중
check-working = { $what } …
check-drop-name = 줄어듦
check-drop-how = 맵이 보여 주는 것만 남기면 확률이 이만큼 줄어요. 낮을수록 좋아요.
check-increase = 더 확실
check-increase-how = 그것만 남기면 신경망이 오히려 더 확실해지는지예요.
check-yes = 예
check-no = 아니요
check-deletion = 지우기
check-deletion-how = 왼쪽 곡선 아래의 넓이예요. 맵이 높은 곳부터 지워요. 낮을수록 좋아요.
check-insertion = 채우기
check-insertion-how = 왼쪽 곡선 아래의 넓이예요. 흐린 사진에 맵이 높은 곳부터 채워요. 높을수록 좋아요.
check-road = 지표 ROAD
check-road-how = 맵이 높은 곳이 낮은 곳보다 얼마나 더 중요한지의 절반이에요. 지운 곳은 둘레로 메워요. 높을수록 좋고, 0은 우연이에요.
check-curve-away = 확률, 사진을 지운 만큼
check-curve-filled = 확률, 0에서 90%까지 메운 만큼
check-key-first = 높은 곳부터
check-key-last = 채우기, 또는 낮은 곳부터
check-sanity-same = 신경망이 배운 것이 없어도 맵이 거의 그대로예요. 신경망이 아니라 사진을 보여 줄 뿐이에요.
check-sanity-changes = 가중치가 바뀌면 맵도 바뀌어요. 신경망이 배운 것을 보여 줘요.
check-sanity-flat = 맵이 어디나 같아요.
check-sanity-how = 헤드부터 여기까지 무작위 가중치로 바꾸었을 때 원래 맵과 닮은 정도(1: 같음) …

## Check: comparison

check-comparison =
    .aria-label = 비교
check-compare = 비교 대상
check-against =
    .aria-label = 비교 대상
check-nothing = 없음
check-other-class =
    .label = 다른 클래스
check-other-method =
    .label = 다른 방법
check-other-network =
    .label = 다른 신경망
check-other = 다른 신경망
check-other-lost = 다른 신경망을 쓸 수 없어요: { $why }.
check-here = 여기 { $first }, { $second }
check-unseen = 보지 않음
check-difference = 첫 번째가 크면 빨강, 두 번째가 크면 파랑
check-scores = 클래스의 점수 그대로예요. 차이의 평균에 상수를 더하면 점수의 차이가 돼요.
check-shares = 맵마다 가장 큰 값에 대한 비율이에요. 서로의 크기는 비교할 수 없어요.

## Teach

teach-lead = 나만의 클래스를 만들고, 클래스마다 사진을 몇 장 넣어 학습시켜 보세요. 사진은 이 브라우저에만 있어요.
teach-my-classes = 내 클래스
teach-unnamed = 클래스
teach-project = 프로젝트
teach-project-name =
    .aria-label = 프로젝트 이름
teach-open-another = 다른 프로젝트 열기
teach-new = 새로 만들기
teach-export = 내보내기
teach-import = 가져오기
teach-import-input =
    .aria-label = 프로젝트(.zip)나 신경망(.bpk) 가져오기
teach-delete = 삭제 …
teach-delete-this = 이 프로젝트
teach-delete-all = 모두
teach-delete-really = “{ $name }” 프로젝트를 사진, 신경망과 함께 이 브라우저에서 삭제할까요? 되돌릴 수 없어요.
teach-delete-all-really = 모든 프로젝트를 사진, 신경망과 함께 이 브라우저에서 삭제할까요? 되돌릴 수 없어요.
teach-elsewhere = “{ $name }” 프로젝트가 이 브라우저의 다른 탭에 열려 있어요. 여기에서 쓰려면 그 탭을 닫아 주세요.
teach-left-open = 다른 탭에 열려 있어 남았습니다: { $names }. 그 탭을 닫고 다시 삭제하세요.
teach-no-store = 여기에서는 가르칠 수 없어요: { $why }.
teach-not-restored = 저장된 것을 열 수 없어요: { $why }.
teach-not-kept = 프로젝트를 저장하지 못했어요: { $why }.
teach-not-exported = 프로젝트를 내보내지 못했어요: { $why }.
teach-not-imported = { $name }: 가져오지 못했어요. { $why }.
teach-fault = 되지 않았어요: { $why }.
teach-full = 이 브라우저의 저장 공간이 가득 찼어요. 사진이나 프로젝트를 삭제하거나 기기의 공간을 비우고 다시 해 보세요
teach-refused = 이 브라우저가 페이지에 저장을 허락하지 않아요({ $why }). 데이터 저장을 허용하고 페이지를 새로 고쳐 주세요
teach-unreadable = 저장된 프로젝트를 읽을 수 없어요({ $why }). 다른 버전에서 만든 것이에요
teach-not-zip = zip 파일이 아니거나 손상된 파일이에요({ $why })
teach-no-project = project.json이 들어 있지 않아요. 여기에서 프로젝트를 내보내면 알맞은 파일이 만들어져요
teach-bad-project = 들어 있는 project.json을 읽을 수 없어요({ $why })
teach-bad-entry = 들어 있는 { $name } 파일이 잘렸거나 너무 커요
teach-not-written = 파일을 쓸 수 없어요({ $why })

## Teach: classes and photos

teach-classes =
    .aria-label = 내 클래스
teach-class-add = + 클래스 추가
teach-class-name =
    .aria-label = 클래스 이름
teach-class-colour =
    .aria-label = 클래스 색
teach-class-delete =
    .aria-label = { $name } 클래스 삭제
teach-class-gone = “{ $name }”({ $photos }) 클래스를 삭제했어요.
teach-class-first = 먼저 클래스를 추가한 다음 사진을 붙여넣어 주세요.
teach-no-photo = 사진 없음
teach-photos =
    { $n ->
        [1] 사진 1장
       *[other] 사진 { $n }장
    }
teach-add-photos = 사진 추가
teach-add-photos-to =
    .aria-label = { $name } 클래스에 사진 추가
teach-in-hand = 올린 사진에서
teach-in-hand-group =
    .aria-label = “사진 한 장”의 사진
teach-in-hand-add =
    .aria-label = { $name } 추가
    .title = { $name } 추가
teach-drop = 여기에 놓거나 붙여넣어도 돼요
teach-watch =
    .title = { $name } 지켜보기
    .aria-label = { $name } 지켜보기
teach-photo-gone = “{ $name }” 사진을 뺐어요.
teach-not-added = { $name }: 추가하지 못했어요. { $why }.
teach-file-gone = 파일이 이 브라우저에서 없어졌어요.
teach-left-out = { $name }: 뺐어요. { $why }
teach-camera = 카메라
camera-close = 카메라 닫기
teach-record = 누르는 동안 찍기
teach-recording = 찍는 중 …
camera-insecure = 이 브라우저는 페이지에 카메라를 내주지 않아요. https로 열었거나 이 기기에서 연 페이지라야 해요.
camera-refused = 여기에서 카메라를 쓸 수 없어요. 주소 옆에서 카메라를 허용하고 다시 열어 주세요.
camera-none = 이 기기에 카메라가 없어요.
camera-taken = 다른 프로그램이 카메라를 쓰고 있어요. 그 프로그램을 닫고 다시 열어 주세요.
camera-fault = 카메라를 열 수 없어요({ $why }).

## Teach: training

teach-train = 학습
teach-train-again = 다시 학습
teach-pause = 잠시 멈춤
teach-paused = 잠시 멈췄어요
teach-bar =
    .aria-label = 학습
teach-ready = 학습할 준비가 됐어요.
teach-loading = { $title } 불러오는 중: { $all } MB 중 { $done } MB
teach-features = 사진 보는 중: { $of }장 중 { $done }장
teach-learning = 학습 중 … { $left }
teach-done = 끝났어요. 가장 좋은 가중치를 남겼어요.
teach-failed = 되지 않았어요. 위의 알림을 보세요.
teach-second-class = 클래스를 하나 더 추가해 주세요. 배운다는 것은 구별하는 일이에요.
teach-same-name = “{ $name }” 클래스가 둘이에요. 하나의 이름을 바꿔 주세요.
teach-empty-class = “{ $name }” 클래스에 사진을 추가해 주세요.
teach-empty-classes = 클래스마다 사진을 몇 장씩 추가해 주세요. 다섯 장이면 시작하기 좋아요.
teach-single-photo = “{ $name }” 클래스에 사진이 한 장뿐이라 검증용으로 떼어 둘 것이 없어요. 더 추가해 주세요.
teach-imbalance = “{ $large }” 사진은 { $most }장인데 “{ $small }” 사진은 { $least }장뿐이라 놓치기 쉬워요. “{ $small }” 사진을 더 넣는 것이 가장 도움이 돼요.
teach-imbalance-weighed = “{ $large }” 사진은 { $most }장인데 “{ $small }” 사진은 { $least }장뿐이라 한 장 한 장을 더 무겁게 쳐요. “{ $small }” 사진을 더 넣는 것이 가장 도움이 돼요.
teach-epoch = 에폭
teach-loss = 손실
teach-right-held-out = 검증용 사진 정답률
teach-curve-loss = 손실
teach-curve-right = 정답률, %
teach-key-learnt = 학습용
teach-key-held-out = 검증용
teach-engine-stopped = 엔진이 멈췄어요({ $why }). 사진은 그대로 있으니 다시 해 보세요.
teach-webgpu-stopped = WebGPU 엔진이 멈췄어요({ $why }). CPU로 다시 시작할게요.
teach-cancelled = 멈췄어요.
teach-no-base = 이 사이트에는 “{ $name }” 신경망이 없어요. 다른 신경망에서 시작해 주세요.
teach-gone = 가르친 신경망이 이 브라우저에서 없어졌어요. 다시 학습해 주세요.
teach-network-unread = 가르친 신경망을 읽을 수 없어요: { $why }.
teach-network-unkept = 가르친 신경망을 저장하지 못했어요: { $why }.

## Teach: settings

teach-settings = 설정
teach-base = 시작할 신경망
teach-base-how =
    .title = 새 클래스는 이 신경망이 아는 것을 바탕으로 배워요
teach-part = 학습할 부분
teach-part-how =
    .title = 헤드는 빠르고 대개 충분해요. 마지막 단계까지 학습하면 사진이 많을 때 더 섬세한 차이를 배워요
teach-part-head = 헤드
teach-part-stage = 헤드와 마지막 단계
teach-epochs = 에폭
teach-epochs-how =
    .title = 사진마다 몇 번 볼지
teach-batch = 배치 크기
teach-batch-how =
    .title = 배치 크기
teach-rate = 학습률
teach-rate-how =
    .title = 한 걸음의 크기예요. 작을수록 느리지만 확실해요
teach-held-out = 시험용으로 남기기, %
teach-held-out-how =
    .title = 배우지 않고 평가에만 쓰는 사진
teach-number = { $label }: { $low }부터 { $high }까지의 수를 넣어 주세요.
teach-augment = 사진을 조금씩 바꿔 학습(증강)
teach-augment-how =
    .title = 뒤집거나 옮기거나 색을 바꾼 사본도 학습에 써요
teach-balanced = 클래스 균형 맞추기
teach-balanced-how =
    .title = 사진이 적은 클래스도 다른 클래스와 똑같이 쳐요
teach-defaults = 기본값으로

## Teach: before and after

teach-watching =
    .aria-label = 학습 전과 후
teach-where = 어디를 보는지
teach-looking = 사진 보는 중 …
teach-choose-photo = 사진을 하나 고르면 학습 전과 후의 맵이 여기에 그려져요. 학습하는 동안에는 에폭마다 새로 그려요.
teach-map-before =
    .aria-label = 학습 전 신경망의 맵
teach-map-after =
    .aria-label = 가르친 신경망의 맵
teach-slider =
    .aria-label = 학습 전과 후 사이
teach-before = 학습 전: “{ $class }” { $percent }%
teach-after = 학습 후: “{ $class }” { $percent }%
teach-which-class =
    .aria-label = 어느 클래스의 맵인지

## Teach: results

teach-results = 배운 것
teach-tally = { $of }장 중 정답 { $right }장, 오답 { $wrong }장
teach-tally-none = { $of }장 중 정답 { $right }장, 오답 { $wrong }장, “해당 없음” { $none }장
teach-on-held-out = (배우지 않은 사진에서)
teach-on-all = (모든 사진에서)
teach-on-learnt = (배운 사진에서. 검증용으로 떼어 둘 사진이 없어서 알 수 있는 것이 적어요)
teach-count-all = 배운 사진도 함께 세기
teach-corner = 실제 ↓ · 대답 →
teach-right = 정답률
teach-cell =
    .aria-label = 실제 { $name }, 대답 { $called }: 사진 { $n }장
teach-none = 해당 없음
teach-threshold = “해당 없음” 기준
teach-threshold-how = 신경망이 이만큼 확신하지 못하면 어느 클래스도 아닌 것으로 쳐요. 표에 바로 나타나요.
teach-taken-for = 실제 { $name }, 대답 { $called }
teach-none-wrong = 다른 클래스로 잘못 본 사진이 없어요.
teach-wrong-first = 틀린 사진, 가장 확신한 것부터
teach-is = 실제 { $name }
teach-answer = { $name } { $percent }%
teach-map-for =
    .aria-label = { $what } 맵
teach-deleted = (삭제됨)
teach-use = 내 사진에 써 보기
teach-use-how = “사진 한 장”의 신경망 목록에 나타나서 어떤 사진에나 쓸 수 있어요.

## About

about-what = 여기에서 보이는 것
about-cam = 합성곱 신경망은 사진을 성긴 격자의 특징으로 바꾸고, 격자 전체에서 평균한 다음, 그 평균에 가중치를 곱해 클래스마다 점수 하나를 내요. 같은 가중치를 평균하기 전에 곱하면 자리마다 점수에 얼마를 보태는지 알 수 있어요. 이것이 클래스 활성화 맵이에요. 나중에 짐작한 것은 없어요. 맵의 평균에 상수를 더하면 바로 그 점수예요.
about-shortcuts = 그래서 엉뚱한 이유로 맞히는 신경망이 드러나요. 풀을 보고 사슴이라고 하거나, 물고기를 든 손을 보고 잉어라고 하는 식이죠. “사진 여러 장”은 폴더 전체에서 그런 사진을 찾고, “직접 가르치기”는 그것을 고쳐요.
about-private = 사진은 내 손안에 있어요. 사진을 읽는 일도, 신경망도, 맵도 모두 이 탭 안에서, 알맞은 그래픽 어댑터가 있으면 거기에서, 없으면 CPU에서 계산해요. 아무것도 올리지 않고, 아무것도 세지 않아요.
about-licences = 무엇으로 만들었는지, 어떤 라이선스인지
leaves = 이 페이지에서 나가는 것
leaves-watched = 브라우저는 이 사이트의 파일 요청 말고는 아무것도 내보내지 않아요. 보안 정책과, 페이지와 인터넷 사이의 워커가 막고 세요:
leaves-policy = 브라우저는 보안 정책에 따라 이 사이트의 파일 요청 말고는 아무것도 내보내지 않고, 막은 것을 세요:
leaves-bytes = 보냈거나 보내려 한 바이트
leaves-stopped = 막은 요청
offline = 인터넷 없이 열기
offline-all = 모든 신경망과 함께 열려요
offline-site = 열려요. 나머지 신경망을 받는 중이에요
offline-none = 아직이에요. https와, 데이터 절약이 꺼진 브라우저가 필요해요
about-measure = 이 기기 측정
about-measure-how = 사진 한 장을 보는 데 얼마나 걸리는지 재요. 잡음으로 된 사진을 신경망에 여러 번 넣어 봐요.
about-webgpu = 여기의 WebGPU: { $name }.
about-none = 여기에는 WebGPU가 없어요: { $why }.
about-unasked = 아직 확인하지 않음
about-no-webgpu = WebGPU는 잴 수 없어요: { $why }. CPU는 잴 수 있어요.
about-stopped = 엔진이 멈췄어요({ $why }). 다시 하거나 다른 장치를 재 보세요.
about-random = { $what } · 무작위 가중치
about-photo = 사진
about-pixels = { $n }픽셀
about-device = 장치
about-device-group =
    .aria-label = 장치
about-start = 측정
about-starting = 시작 중: 엔진, 신경망, 첫 번째 계산 …
about-passes = { $of }번 중 { $done }번
about-bar =
    .aria-label = 계산한 횟수
about-measured =
    .aria-label = 측정 결과
about-look = 한 장
about-second = 1초에
about-maps = 맵 다섯 개 더
about-first = 첫 장
about-speed = 속도
about-json = 마지막 결과를 JSON으로
about-row = { $model } · { $size }픽셀
about-row-looks = { $model } · { $size }픽셀 · { $batch }장씩
about-row-steps = { $model } · { $size }픽셀 · { $batch }장씩 학습
about-photos = { $n }장

## What every map has

appearance = 보이는 모습
map-tools =
    .aria-label = 맵
map-larger =
    .aria-label = 크게
    .title = 크게 (+)
map-smaller =
    .aria-label = 작게
    .title = 작게 (−)
map-whole =
    .aria-label = 사진 전체
    .title = 사진 전체 (0)
map-full =
    .aria-label = 전체 화면
    .title = 전체 화면
box-one =
    .aria-label = 상자 { $n }: 화살표로 옮기고, Shift와 함께 크기를 바꾸고, Delete로 지워요
box-remove =
    .aria-label = 이 상자 지우기
    .title = 이 상자 지우기
take =
    .aria-label = 내보내기
copied = 설명이 붙은 그림을 클립보드에 복사했어요.
not-copied = 브라우저가 복사를 허락하지 않았어요. 대신 저장해 주세요.

## The frame: pickers, shortcuts, notices

drop-here = 사진이나 폴더를 놓으세요
models-photos = 내 사진용
models-study = 공부용: 나란히 견주는 작은 신경망
network-group =
    .aria-label = 신경망
model-about = { $n }가지를 알아요 · { $megabytes } MB
model-efficientnet-lite0 = EfficientNet-Lite0 · 1,000가지 사물
model-vgg16-gap-everyday = VGG16-GAP · 일상의 10가지
model-vgg16-gap-cifar10 = VGG16-GAP · CIFAR-10의 10가지
model-resnet-20 = ResNet-20 · CIFAR-10의 10가지
model-resnet-56 = ResNet-56 · 더 깊고 지름길이 있음
model-plain-20 = Plain-20 · 같지만 지름길이 없음
model-plain-56 = Plain-56 · 더 깊지만 지름길이 없어 더 나쁨
engine-here = 이 기기에서 계산해요
    .aria-label = 엔진
engine-private = 사진과 맵은 이 브라우저를 떠나지 않아요.
engine-failed-photos = 엔진이 돌지 않아 사진이 기다리고 있어요.
language-note =
    .title = 언어
shortcuts = 단축키
shortcuts-open =
    .aria-label = 단축키
    .title = 단축키 (?)
close = 닫기
key-class = 첫째부터 다섯째 답
key-photo = 사진 줄에서 앞뒤 사진
key-compare = 누르는 동안 원래 사진
key-zoom = 맵에서 크게, 작게, 사진 전체
key-read = 맵에서 칸마다 값 읽기
key-remove = 사진 줄에서 사진 빼기
key-undo = “직접 가르치기”에서 되돌리기
key-help = 이 안내
undo = 되돌리기
dismiss-all = 모두 닫기
of-files = 파일 { $n }개: { $what } ({ $names })
passed-over = 파일 { $n }개는 넘어갔어요: { $endings }
without-ending = 확장자 없음
photo-gone = “{ $name }”을(를) 뺐어요.
step-photo = 사진을 놓거나 예시를 골라 보세요.
step-map = AI가 무엇이라고 답하는지, 어느 곳을 근거로 삼았는지 봐요.
step-go-on = 다른 답을 물어보고, 여러 장을 살펴보고, 직접 가르쳐 보세요.
answer-none = 해당하는 클래스가 없어요. 가장 가까운 “{ $class }”도 { $percent }%로, 기준 { $least }%보다 낮아요.
class-similar = “{ $name }” 클래스는 없어요. 비슷한 것: { $names }.
explain-differently = 다르게 설명하기
method-group =
    .aria-label = 방법
hold =
    .aria-label = 누르고 있으면 원래 사진
    .title = 누르고 있으면 원래 사진 (C)
save-png =
    .aria-label = PNG로 저장
    .title = 설명과 함께 PNG로 저장
copy-png =
    .aria-label = 복사
    .title = 그림 복사
share-png =
    .aria-label = 공유
    .title = 그림 공유

## Check: one photo among many

check-choose = 사진을 고르면 왜 그렇게 답했는지 보여 줘요.
check-questions =
    .aria-label = 이 사진에 무엇을 물을까요
check-tab-why = 이유
check-tab-boxes = 상자
check-tab-trust = 믿을 만한가
check-tab-compare = 비교
check-box-draw = 상자 그리기
check-samples = 예시로 해 보기
check-cleared = 사진 { $n }장을 비웠어요.
check-filter-reset = 모두 보기
check-groups =
    .aria-label = 어떤 사진
check-group-all = 전체
check-group-elsewhere = 엉뚱한 곳
check-group-unsure = 애매함
check-group-wrong = 틀림
check-head-elsewhere = { $of }장 중 { $n }장은 엉뚱한 곳을 봐요
check-head-wrong = { $of }장 중 { $n }장이 틀렸어요
check-head-unsure = { $of }장 중 { $n }장은 애매해해요
check-head-fine = 사진 { $of }장에 수상한 것이 없어요

## Teach: three steps

teach-step-examples = 예시
teach-step-train = 학습
teach-step-try = 시험해 보기
teach-try-none = 학습이 끝나면 여기서 새 사진이나 카메라로 시험해 보세요.
teach-try-how = 한 번도 본 적 없는 사진을 보여 주세요.
teach-try-photo = 사진 고르기
teach-try-input =
    .aria-label = 사진으로 시험해 보기
teach-try-camera = 카메라
teach-try-stop = 카메라 끄기
teach-try-answer = “{ $class }” 같아요 ({ $percent }%).
teach-try-unsure = 해당하는 것이 없어요. 가장 가까운 “{ $class }”도 { $percent }%뿐이에요.
teach-arriving = 사진 { $n }장을 읽고 있어요 …
teach-photos-missing = 파일에 { $n }개가 빠져 있어요: { $names }.
teach-few = 사진이 { $n }장뿐이라 한 번만 더 틀려도 { $points }점이 달라져요. 사진이 많을수록 확실해요.

## About: four pictures

about-four-photo = 1. 사진이 들어가요.
about-four-cells = 2. 신경망이 사진을 성긴 칸으로 바꿔요. 이런 칸판 수백 개가 저마다 털, 가장자리, 뿔 같은 것에 반응해요.
about-four-weights = 3. 클래스마다 칸판에 매긴 가중치가 있어요. 근거가 되면 빨강, 반대면 파랑이에요.
about-four-map = 4. 가중치를 곱해 칸마다 더하면 맵이 돼요. 맵의 평균이 클래스의 점수예요.
clear-photos =
    .aria-label = 사진 모두 비우기
    .title = 사진 모두 비우기. 다음에 올 때를 위해 이 브라우저가 사진을 100장, 300MB까지 간직해요.
photos-gone = 사진 { $n }장을 비웠어요.
check-in-hand = “사진 한 장”의 사진 { $n }장 가져오기
drop-touch = 사진을 고르거나 찍어 보세요
look-camera = 사진 찍기
look-camera-name = 카메라
look-camera-take = 찍기
look-camera-dialog =
    .aria-label = 사진 찍기
    .title = 사진 찍기
check-random-map =
    .aria-label = { $layer }와 그 뒤 층이 무작위 가중치일 때의 맵
