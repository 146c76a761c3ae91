## The frame of the page

title = camscope – see what an AI looks at in your photo
tagline = See what an AI looks at in your photo
version-new = A new version of camscope is ready.
version-use = Use it
version-others = Close camscope’s other tabs first.
language =
    .aria-label = Language
tabs =
    .aria-label = What to do
tab-look = One photo
tab-check = Many photos
tab-teach = Train your own
tab-about = About
network = Network
method = Method
stop = Stop
go-on = Go on
try-again = Try again
dismiss =
    .aria-label = Dismiss
choose-photos = Choose photos
of-file = { $name }: { $what }
map-of =
    .aria-label = Map of { $class }
and-more = and { $n } more
passes = { $what }: { $done } of { $of } passes
computing = { $what } is being computed …
left-seconds =
    { $n ->
        [one] about a second left
       *[other] about { $n } seconds left
    }
left-minutes =
    { $n ->
        [one] about a minute left
       *[other] about { $n } minutes left
    }

## The device and the engine

device-unknown = { "" }
device-cpu = CPU · { $why }
device-webgpu = WebGPU · { $name }
device-webgpu-timed = WebGPU · { $name } · { $webgpu } ms a photo, CPU { $cpu } ms
cpu-asked = as asked for
cpu-software = the only graphics adapter is software ({ $name })
cpu-faster = { $cpu } ms a photo, adapter { $webgpu } ms
cpu-instead = the WebGPU engine stopped
webgpu-none = this browser has no WebGPU
webgpu-mute = WebGPU could not be asked for an adapter
webgpu-silent = no graphics adapter answered within 3 seconds
webgpu-no-adapter = no graphics adapter is open to WebGPU
webgpu-no-timestamps = the graphics adapter lacks timestamp queries
webgpu-small-buffers = the graphics adapter's buffers are too small
webgpu-nameless = graphics adapter
webgpu-asked = WebGPU was asked for, but { $why }. The CPU is used instead.
webgpu-stopped = The WebGPU engine stopped ({ $why }). The CPU goes on with your photos.
device-silent = the device gives no results back
adapter-lost = the graphics adapter was lost
engine-lost = its code could not be loaded
device-mute = the device did not open
engine-refused = the browser refused to start it
engine-starting = Starting the engine …
    .aria-label = Engine
download-stalled = No data of the network has come for more than ten seconds. The page goes on when the connection does; if it does not, reload the page.
engine-waiting = Waiting for the engine …
loading-megabytes = Loading the network: { $done } of { $all } MB
    .aria-label = Engine
engine-ready = Ready · { $seconds } s
    .aria-label = Engine
engine-ready-cache = Ready · from cache, { $seconds } s
    .aria-label = Engine
engine-failed = The engine is not running
    .aria-label = Engine
engine-stopped = The engine stopped ({ $why }). Reload the page.
engine-restarted = The engine stopped ({ $why }). A new one goes on with your other photos.
engine-unfit = The page and the engine do not fit together. Reload the page.
engine-no-model = No model is loaded yet.
engine-not-seen = Inference has not run on this photo with this model yet.
engine-not-finite = The network's result is not a number. The device may be at fault; try the CPU.
engine-lesson = There is nothing to tell apart yet: at least two classes are needed, with a photo or more in each.
engine-stopped-early = The training was stopped before its first epoch was over: nothing has changed.
engine-no-features = The features of a photo have not been extracted with this model yet.
engine-class = Class number { $class } does not exist; the model tells { $classes } apart.
engine-diverged = the loss became { $loss } at step { $step } (epoch { $epoch }); try a lower learning rate
device-no-adapter = no graphics adapter could be opened ({ $why }); use the CPU instead
plain = { $text }

## Networks and files

models-lost = The list of models cannot be loaded: { $why }.
models-damaged = The list of models cannot be read; the site was published by another version.
models-none = The list of models is empty; the site was published without weights.
model-unknown = There is no model “{ $name }” here; the first one is used instead.
model-card = The model's description is wrong: { $why }.
model-lost = “{ $title }” cannot be loaded: { $why }.
weights-lost = the connection was lost. Check it and reload the page
weights-refused = the server answered { $status } for its weights ({ $url })
weights-none = the server sent nothing
fetch-lost = { $url } could not be reached; check the connection and reload the page
fetch-refused = the server answered { $status } for { $url }
fetch-damaged = { $url } is damaged
sample-lost = The sample cannot be loaded: { $why }.
file-gone = The file cannot be read any more. Choose it again.
file-unopened = The file cannot be opened: { $why }.
photo-empty = The file is empty (0 bytes). Choose another copy of it.
photo-not = This is { $kind }. { $advice }
photo-rare = The JPEG is coded in a rare way ({ $coding }), which neither browsers nor this program show. Save it anew as an ordinary JPEG.
jpeg-arithmetic = arithmetic coding
jpeg-lossless = lossless
jpeg-hierarchical = hierarchical
jpeg-twelve-bits = 12 bits a colour
advice-choose = Choose a JPEG, PNG, WebP, GIF or BMP file.
advice-convert = Save it as JPEG or PNG.
advice-phone = Save it as JPEG, or set the phone's camera to “Most Compatible”.
advice-save = Open its address in a browser, and save the picture itself.
advice-fetch = `git lfs pull` fetches the file that it stands for.
advice-copy = Copy it again from where it came.
photo-cut = The photo is cut short: the file ends before the picture does. Download or copy it again.
photo-damaged = The photo is damaged and cannot be opened ({ $why }). Try another copy of it.
photo-large = The photo has { $width } × { $height } pixels, { $found } megapixels; at most { $fits } fit. Scale it down first.
kind-pdf = a PDF document
kind-archive = an archive or an office document
kind-tiff = a TIFF picture
kind-raw = a raw file of a camera
kind-jxl = a JPEG XL picture
kind-jp2 = a JPEG 2000 picture
kind-psd = a Photoshop document
kind-icon = an icon
kind-svg = an SVG drawing
kind-hdr = an HDR picture
kind-pnm = a PPM, PGM or PBM picture
kind-audio = a sound file
kind-html = a web page
kind-lfs = a placeholder of Git LFS
kind-zeros = a file of zeros alone
kind-heic = a HEIC photo
kind-avif = an AVIF picture
kind-video = a video
kind-text = a text file
kind-unknown = a file of an unknown kind
note-animated = The file is animated; its first picture was taken.
note-by-browser = The browser decoded this kind of file; another browser may not, or with slightly other colours.
note-sixteen-bit = The file has 16 bits a colour; it was reduced to the 8 that networks see.

## Look

drop = Drop photos here
drop-or = or paste them. They stay on this device: nothing is uploaded.
photo-input =
    .aria-label = Choose photos
samples = No photo at hand? Try one of these.
sample-cat = Cat
sample-coffee = Coffee
sample-motorcycle = Motorcycle
sample-rocket = Rocket
sample-astronaut = Astronaut
stage-photo =
    .aria-label = Chosen photo
answer = This looks like “{ $class }” ({ $percent } %).
answer-unsure = The network is not sure. Its best guess is “{ $class }” ({ $percent } %).
answer-other = “{ $class }” got { $percent } %.
colours-signed = Red and amber places spoke for “{ $class }”, blue ones against it.
colours-other = The stronger the colour, the more a place spoke for “{ $class }”.
by-method = { $method }: { $what }
crop = seen by the network
unusable = { $name } could not be used
looking = Looking at { $name } …
stage-read =
    .title = Arrow keys read the map cell by cell
here = here { $value }
legend-cam =
    .title = From { $low } to { $high }. The mean of these values, plus a constant, is the class's score.
legend =
    .title = From { $low } to { $high }, on the method's own scale.
legend-against = against
legend-for = strongly for
legend-little = no evidence
legend-much = strongest
opacity = Map strength
colours = Colours
colours-note =
    .title = Colour-blind safe ones read the same with every kind of colour vision. The choice is kept for your next visit.
colours-evidence = Red for, blue against
colours-jet = Rainbow
colours-turbo = Soft rainbow
colours-viridis = Violet to yellow · colour-blind safe
colours-inferno = Black to yellow · colour-blind safe
colours-grey = Black to white · colour-blind safe
scale = Colours compare
scale-note =
    .title = All five: the maps can be compared. Each map alone: each uses all colours.
scale-shared = all five maps
scale-map = each map alone
grid = Show the network's cells
grid-note =
    .title = The network's own cells, not smoothed
box = Outline the strongest area
box-note =
    .title = Around the largest region above 20 % of the map's maximum
sees = The network's answer
search = Look for something else
search-hint =
    .placeholder = Type a class, e.g. bow tie
class-unknown = “{ $name }” is not among the { $n } classes of this network.
timing = Photo { $decode } ms · network { $network } ms · maps { $maps } ms · { $megabytes } MB
strip =
    .aria-label = Your photos
strip-add =
    .title = Add photos
remove =
    .aria-label = Remove { $name }
accuracy = right on { $percent } % of its test photos
    .title = { $data }
footer = An AI that is right for the wrong reason knows the deer by the grass around it. The colours show which places of your photo spoke for an answer. Your photos stay on this device.
stage = Stage
stage-note =
    .title = Early stages see fine texture, late ones things
stage-at = { $n }
stage-last = { $n }, the last
mirrored = Mirrored too
mirrored-note =
    .title = The mean over the photo and its mirror image, each in three contrasts: less noise, six times the work

## Methods

method-cam = Needs a head of global average pooling and one linear layer. The map's mean plus the class's bias is the score: exact over the cells of the last grid, each of which sees more of the photo than its own place.
method-grad-cam = Weighs each channel by its mean gradient, so that places where the gradient has another sign are drawn wrongly.
method-hires-cam = Multiplies gradient and activation at every place: at the last stage it shows what the score was made of, whatever the head.
method-grad-cam-plus-plus = Counts only what raises the score, weighted so that small and repeated things show; blind to evidence against a class.
method-xgrad-cam = Like Grad-CAM, with gradients weighted by the activations. Channels whose activations sum up to nothing are badly scaled.
method-layer-cam = Multiplies at every place, positive gradients only: sharp at early stages; blind to evidence against a class.
method-eigen-cam = The strongest pattern in the activations: what the network saw, not what it concluded. The same for every class.
method-eigen-grad-cam = The strongest pattern in gradient times activation: like HiResCAM with the noise taken away, and its sum with it.
method-score-cam = Shows the network the photo through each channel and weighs the channel by the score: no gradients, but photos it never learnt from.
method-ablation-cam = Weighs each channel by what the score loses without it. Channels that stand in for each other get too little.
method-full-grad = Adds up gradients at the input and at every bias of the network, sizes only: fine detail, but no sign.
method-occlusion = Covers one place after the other with grey and notes what the score loses. Easy to believe; coarse, and grey is news to the network, too.
method-as-cam = { $assumes } At the last stage under a linear head: the same map but for a factor.
cost-forward = one forward pass
cost-backward = one forward pass, and a backward pass a class
cost-many = hundreds of forward passes

## Check

check-lead = Look at a whole folder at once, and find the photos where the network is right for the wrong reason.
check-photos =
    .aria-label = Choose photos, and files with their boxes
check-folder-input =
    .aria-label = Choose a folder
check-drop = Drop a folder of photos here
check-drop-boxes = Boxes come along where they lie beside them: YOLO’s .txt or Pascal VOC’s .xml. Nothing is uploaded.
check-choose-folder = Choose a folder
check-choose-photos = Choose photos or boxes
check-clear = Clear all
check-no-photo = There is no photo in it. JPEG, PNG, WebP, GIF and BMP can be looked at.
check-bad-boxes = Not all of { $name } are boxes: { $why }.
check-more-bad-boxes = In { $n } files not all lines are boxes; the first is { $name }: { $why }.
check-no-photo-for =
    { $n ->
        [one] There is no photo for 1 file of boxes: { $name }
       *[other] There is no photo for { $n } files of boxes; the first is { $name }
    }
check-not-yolo = line { $line } is not "class x y width height" with numbers from 0 to 1, but "{ $found }"
check-not-xml = it is not XML: { $why }
check-not-voc = it is not Pascal VOC's XML: expected <annotation> with <object>s, found <{ $root }>
check-not-object = line { $line } is not a Pascal VOC <object> with a <name> and a <bndbox>: { $missing } is missing or no number
check-pixels = line { $line } has numbers above 1, "{ $found }": YOLO's are fractions of the photo's size, and these look like pixels
check-no-area = line { $line } has a box without area, "{ $found }"
check-boxes-added =
    { $n ->
        [one] Boxes for 1 photo came with the files.
       *[other] Boxes for { $n } photos came with the files.
    }
check-no-engine = The engine is not there; see above.
check-photo-stopped = Stopped the engine
check-engine-stopped = The engine stopped ({ $why }). Reload the page; your files are untouched.
check-all-looked =
    { $of ->
        [one] The photo is looked at.
       *[other] All { $of } photos are looked at.
    }
check-some-looked = { $n } of { $of } photos are looked at; the others say why not.
check-stopped = Stopped at { $done } of { $of }.
check-progress = { $done } of { $of } photos · { $left }
check-bar =
    .aria-label = Photos looked at

## Check: the gallery

check-gallery =
    .aria-label = Photos; arrow keys walk through them
check-none-fits = No photo fits the filters.
check-inside = { $share } inside
check-class-filter = Class
check-all = all
check-sure = Confidence ≤
check-inside-most = Inside the box ≤
check-order = Sort by
check-order-added = as added
check-order-name = name
check-order-class = class
check-order-confidence = least confident first
check-order-inside = least evidence inside the box first
check-count =
    { $of ->
        [one] { $n } of 1 photo
       *[other] { $n } of { $of } photos
    }
check-take = Export
check-csv = Table (CSV)
check-zip = Overlays (ZIP)
check-sheet = Sheet (PNG)
check-npy = Raw maps (.npy)
check-no-map = There is no map yet.
check-drawing = Drawing { $done } of { $of } …
check-no-archive = The archive cannot be made: two photos have the same name, or it is too large.
check-no-sheet = The sheet cannot be drawn.
check-by-class = By class
check-by-class-how = The mean of each class’s maps: where it is usually found. A class that is found at the edge of every photo is found by something else.
check-class =
    { $n ->
        [one] 1 photo, { $sure } sure
       *[other] { $n } photos, { $sure } sure
    }
check-mean-map =
    .aria-label = Mean map of { $class }
check-class-alone =
    .title = Show these photos alone

## Check: one photo

evidence-by = { $method } for “{ $class }” in { $name }
check-classes =
    .aria-label = Classes
check-map-by = Map by
check-draw-box = Draw a box around the object: how much of the evidence lies inside?
check-no-evidence = Nothing speaks for this class.
check-found = { $inside } of the evidence for “{ $class }” lies inside; the box is { $covered } of what the network saw. { $verdict }
check-verdict-all = The box holds nearly all that the network saw: nothing can be told from it.
check-verdict-chance = No more than by chance: the network looks elsewhere.
check-verdict-most = Most of what it goes by lies outside.
check-verdict-part = Part of what it goes by lies outside.
check-verdict-inside = It looks at what you boxed.
check-hit = inside
check-missed = outside
check-fits = The map’s maximum lies { $hit }. The box around its evidence overlaps yours by { $overlap }: it counts as found.
check-fits-not = The map’s maximum lies { $hit }. The box around its evidence overlaps yours by { $overlap }: below 0.5 it counts as missed.
check-chance-line =
    .title = The line: what the boxes would hold by chance
check-box-evidence = Box the evidence
check-box-add = Add a box
check-box-undo = Remove the last box
check-edges =
    .aria-label = Edges of the last box, in percent of the photo
check-left = left %
check-top = top %
check-right = right %
check-bottom = bottom %
check-nothing-to-box = Nothing speaks for this class: there is no evidence to box.
check-teach-as = Teach it as
check-lend-class =
    .aria-label = Class under “Train your own”
check-lend = Add it to this class
check-lent = It is among the photos of “{ $class }” under “Train your own”.

## Check: measures

check-trust = How far is this map to be trusted?
check-measure = Measure it
check-random = Try random weights
check-measuring = Measuring
check-randomising = Making weights random
check-measure-bar =
    .aria-label = Measuring
check-working = { $what } …
check-drop-name = Drop
check-drop-how = of the probability is lost when only what the map shows is left. Lower is better.
check-increase = Surer
check-increase-how = Whether the network is even surer with only that.
check-yes = yes
check-no = no
check-deletion = Deletion
check-deletion-how = Area under its curve, left: what the map has highest is taken away first. Lower is better.
check-insertion = Insertion
check-insertion-how = Area under its curve, left: what the map has highest comes first into a blurred photo. Higher is better.
check-road = ROAD
check-road-how = Half of what the map's highest is worth more than its lowest, each filled in from around. Higher is better; 0 is chance.
check-curve-away = Probability, of the photo taken away
check-curve-filled = Probability, 0 to 90 % filled in
check-key-first = highest first
check-key-last = shown, or lowest first
check-sanity-same = The map stays much the same without anything the network learnt: it shows the photo, not the network.
check-sanity-changes = The map changes with the weights: it shows what the network learnt.
check-sanity-flat = The map is the same everywhere.
check-sanity-how = Likeness to the map as it is (1: the same), with random weights from the head down to …

## Check: comparison

check-comparison =
    .aria-label = Compare
check-compare = Compare with
check-against =
    .aria-label = Compare with
check-nothing = nothing
check-other-class =
    .label = Another class
check-other-method =
    .label = Another method
check-other-network =
    .label = Another network
check-other = The other network
check-other-lost = The other network cannot be used: { $why }.
check-here = here { $first } and { $second }
check-unseen = unseen
check-difference = More in the first: red; in the second: blue
check-scores = In the classes’ own scores: the mean of the difference, plus a constant, is the difference of the scores.
check-shares = Each in shares of its own largest value: their scales cannot be compared.

## Teach

teach-lead = Make classes of your own, give each a few photos, and train. The photos stay in this browser.
teach-my-classes = My classes
teach-unnamed = Class
teach-project = Project
teach-project-name =
    .aria-label = Name of the project
teach-open-another = Open another
teach-new = New
teach-export = Export
teach-import = Import
teach-import-input =
    .aria-label = Import a project (.zip) or a network (.bpk)
teach-delete = Delete …
teach-delete-this = This project
teach-delete-all = Everything
teach-delete-really = Delete “{ $name }” with its photos and its network from this browser? This cannot be undone.
teach-delete-all-really = Delete all projects with all their photos and networks from this browser? This cannot be undone.
teach-elsewhere = “{ $name }” is open in another tab of this browser. Close it there to work on it here.
teach-left-open = Still there, because another tab has it open: { $names }. Close that tab, and delete once more.
teach-no-store = Nothing can be taught here: { $why }.
teach-not-restored = What was kept here cannot be opened: { $why }.
teach-not-kept = The project cannot be kept: { $why }.
teach-not-exported = The project cannot be exported: { $why }.
teach-not-imported = { $name } cannot be imported: { $why }.
teach-fault = This did not work: { $why }.
teach-full = this browser's storage is full. Delete photos or projects, or free space on the device, and try again
teach-refused = this browser does not let the page keep anything ({ $why }). Allow it to store data, and reload the page
teach-unreadable = a kept project cannot be read ({ $why }); it was made by another version
teach-not-zip = it is not a zip file, or a damaged one ({ $why })
teach-no-project = it holds no project.json; export a project here to get one that fits
teach-bad-project = its project.json cannot be read ({ $why })
teach-bad-entry = { $name } in it is cut short or too large
teach-not-written = it cannot be written ({ $why })

## Teach: classes and photos

teach-classes =
    .aria-label = Your classes
teach-class-add = + Add a class
teach-class-name =
    .aria-label = Name of the class
teach-class-colour =
    .aria-label = Colour of the class
teach-class-delete =
    .aria-label = Delete class { $name }
teach-class-gone = “{ $name }” ({ $photos }) is deleted.
teach-class-first = Add a class first; then paste photos into it.
teach-no-photo = no photo yet
teach-photos =
    { $n ->
        [one] 1 photo
       *[other] { $n } photos
    }
teach-add-photos = Add photos
teach-add-photos-to =
    .aria-label = Add photos to { $name }
teach-in-hand = Photos in hand
teach-in-hand-group =
    .aria-label = The photos of “One photo”
teach-in-hand-add =
    .aria-label = Add { $name }
    .title = Add { $name }
teach-drop = or drop or paste them here
teach-watch =
    .title = Watch { $name }
    .aria-label = Watch { $name }
teach-photo-gone = “{ $name }” is taken out.
teach-not-added = { $name } is not added: { $why }.
teach-file-gone = The file is gone from this browser.
teach-left-out = { $name } is left out: { $why }
teach-camera = Camera
camera-close = Close camera
teach-record = Hold to record
teach-recording = Recording …
camera-insecure = This browser offers no camera to the page. It does so only for pages served by https or from this device.
camera-refused = The camera may not be used here. Allow it beside the page's address, and open it again.
camera-none = No camera was found on this device.
camera-taken = The camera is in use by another program. Close that, and open it again.
camera-fault = The camera cannot be opened ({ $why }).

## Teach: training

teach-train = Train
teach-train-again = Train again
teach-pause = Pause
teach-paused = Paused
teach-bar =
    .aria-label = Training
teach-ready = Ready to learn.
teach-loading = Loading { $title }: { $done } of { $all } MB
teach-features = Looking at the photos: { $done } of { $of }
teach-learning = Learning … { $left }
teach-done = Done. The best weights are kept.
teach-failed = It did not work; see above.
teach-second-class = Add a second class: to learn is to tell apart.
teach-same-name = Two classes are called “{ $name }”. Rename one.
teach-empty-class = Add photos to “{ $name }”.
teach-empty-classes = Add a few photos to every class; five are a good beginning.
teach-single-photo = “{ $name }” has a single photo: nothing of it can be held out to judge by. Add more.
teach-imbalance = “{ $large }” has { $most } photos, “{ $small }” only { $least }: it may be overlooked. More photos of “{ $small }” help most.
teach-imbalance-weighed = “{ $large }” has { $most } photos, “{ $small }” only { $least }: each counts for more. More photos of “{ $small }” help most.
teach-epoch = Epoch
teach-loss = loss
teach-right-held-out = right on held-out photos
teach-curve-loss = Loss
teach-curve-right = Right, %
teach-key-learnt = learnt from
teach-key-held-out = held out
teach-engine-stopped = The engine stopped ({ $why }). Your photos are kept; try again.
teach-webgpu-stopped = The WebGPU engine stopped ({ $why }). The CPU begins again.
teach-cancelled = It was stopped.
teach-no-base = This site has no network “{ $name }”. Choose another to begin from.
teach-gone = The taught network is gone from this browser. Train once more.
teach-network-unread = The taught network cannot be read: { $why }.
teach-network-unkept = The taught network cannot be kept: { $why }.

## Teach: settings

teach-settings = Advanced settings
teach-base = Base model
teach-base-how =
    .title = The network whose knowledge the new classes build on
teach-part = Train
teach-part-how =
    .title = The head is fast and enough for most; the last stage learns finer differences from many photos
teach-part-head = only the last layer
teach-part-stage = the last layer and the last stage
teach-epochs = Epochs
teach-epochs-how =
    .title = How often every photo is seen
teach-batch = Batch size
teach-batch-how =
    .title = Photos per step
teach-rate = Learning rate
teach-rate-how =
    .title = How far each step goes; smaller is slower and surer
teach-held-out = Keep back for testing, %
teach-held-out-how =
    .title = Photos that are only judged by
teach-number = { $label }: a number from { $low } to { $high } is expected.
teach-augment = Augment photos
teach-augment-how =
    .title = Learn from mirrored, shifted and recoloured copies too
teach-balanced = Balance classes
teach-balanced-how =
    .title = A class with few photos weighs as much as the others
teach-defaults = Back to the defaults

## Teach: before and after

teach-watching =
    .aria-label = Before and after
teach-where = Where it looks
teach-looking = Looking at the photo …
teach-choose-photo = Choose any photo of yours: its map is drawn here, before and after, and after every epoch while the network learns.
teach-map-before =
    .aria-label = Map of the network as it was
teach-map-after =
    .aria-label = Map of the taught network
teach-slider =
    .aria-label = Between before and after
teach-before = Before: “{ $class }” { $percent } %
teach-after = Taught: “{ $class }” { $percent } %
teach-which-class =
    .aria-label = Map of which class

## Teach: results

teach-results = What it has learnt
teach-tally = { $right } of { $of } right, { $wrong } wrong
teach-tally-none = { $right } of { $of } right, { $wrong } wrong, { $none } “none of these”
teach-on-held-out = on the photos it did not learn from.
teach-on-all = on all photos.
teach-on-learnt = on the photos it learnt from: none could be held out, so this says little.
teach-count-all = Count the photos it learnt from, too
teach-corner = actual ↓ · answer →
teach-right = right
teach-cell =
    .aria-label =
        { $n ->
            [one] 1 photo of { $name }, taken for { $called }
           *[other] { $n } photos of { $name }, taken for { $called }
        }
teach-none = none of these
teach-threshold = “None of these” below
teach-threshold-how = What the network is less sure of counts as none of your classes; the table shows the effect at once.
teach-taken-for = { $name } taken for { $called }
teach-none-wrong = No photo was taken for another class.
teach-wrong-first = Not right, the surest mistakes first
teach-is = is { $name }
teach-answer = { $name } { $percent } %
teach-map-for =
    .aria-label = Map for { $what }
teach-deleted = (deleted)
teach-use = Use it on your photos
teach-use-how = It appears under “One photo” among the networks.

## About

about-what = What you see here
about-cam = A convolutional network turns a photo into a coarse grid of features, averages them over the grid, and weighs the averages into one score per class. The same weights, applied before the average, say how much each place adds to the score: that is a class activation map. Nothing is guessed afterwards; the map’s mean plus a constant is the score itself.
about-shortcuts = So a network that is right for the wrong reason is found out: it knows the deer by the grass, or the tench by the hands that hold it. “Many photos” finds such photos in a whole folder, “Train your own” mends them.
about-private = Your photos stay with you: decoding, network and maps run in this tab, on your graphics adapter where there is a fit one and on the processor where not. Nothing is uploaded, nothing is counted.
about-licences = What it is made of, and under which licences
leaves = What leaves this page
leaves-watched = The browser is told to let nothing out but requests for this site’s own files, by a policy and by a worker between page and network, which counts:
leaves-policy = The browser is told by a policy to let nothing out but requests for this site’s own files. It counts:
leaves-bytes = Bytes sent, or tried to be
leaves-stopped = Requests stopped
offline = Opens without a network
offline-all = yes, with every network
offline-site = yes; the other networks are being fetched
offline-none = not yet; this needs https, and a browser that is not told to save data
about-measure = Measure this device
about-measure-how = How long one look takes here: a photo of noise goes through the network again and again.
about-webgpu = WebGPU here is { $name }.
about-none = No WebGPU here: { $why }.
about-unasked = it was not asked for yet
about-no-webgpu = WebGPU cannot be measured: { $why }. The processor can.
about-stopped = The engine stopped ({ $why }). Try again, or measure the other device.
about-random = { $what } · random weights
about-photo = Photo
about-pixels = { $n } pixels
about-device = Device
about-device-group =
    .aria-label = Device
about-start = Measure
about-starting = Starting: the engine, the network, and a first pass …
about-passes = { $done } of { $of } passes
about-bar =
    .aria-label = Passes
about-measured =
    .aria-label = Measured
about-look = One look
about-second = A second
about-maps = Five maps more
about-first = First look
about-speed = Speed
about-json = The newest as JSON
about-row = { $model } · { $size } pixels
about-row-looks = { $model } · { $size } pixels · look of { $batch }
about-row-steps = { $model } · { $size } pixels · training step of { $batch }
about-photos = { $n } photos

## What every map has

appearance = Appearance
map-tools =
    .aria-label = The map
map-larger =
    .aria-label = Larger
    .title = Larger (+)
map-smaller =
    .aria-label = Smaller
    .title = Smaller (−)
map-whole =
    .aria-label = Whole photo
    .title = Whole photo (0)
map-full =
    .aria-label = Full screen
    .title = Full screen
box-one =
    .aria-label = Box { $n }: arrow keys move it, with Shift they resize it, Delete removes it
box-remove =
    .aria-label = Remove this box
    .title = Remove this box
take =
    .aria-label = Take it along
copied = The picture with its caption is in the clipboard.
not-copied = The browser did not let the page copy the picture. Save it instead.

## The frame: pickers, shortcuts, notices

drop-here = Drop your photos or folders
models-photos = For your photos
models-study = For study: small networks beside each other
network-group =
    .aria-label = Network
model-about = knows { $n } things · { $megabytes } MB
model-efficientnet-lite0 = EfficientNet-Lite0 · 1,000 things
model-vgg16-gap-everyday = VGG16-GAP · ten everyday things
model-vgg16-gap-cifar10 = VGG16-GAP · ten things of CIFAR-10
model-resnet-20 = ResNet-20 · ten things of CIFAR-10
model-resnet-56 = ResNet-56 · as deep, with shortcuts
model-plain-20 = Plain-20 · the same without shortcuts
model-plain-56 = Plain-56 · deeper without shortcuts, and worse
engine-here = On this device
    .aria-label = Engine
engine-private = Photos and maps stay in this browser.
engine-failed-photos = The engine is not running, so your photos wait.
language-note =
    .title = Language
shortcuts = Shortcuts
shortcuts-open =
    .aria-label = Shortcuts
    .title = Shortcuts (?)
close = Close
key-class = the first to fifth answer
key-photo = the photo before or after, in the strip
key-compare = hold for the plain photo
key-zoom = larger, smaller, whole photo, on the map
key-read = read the map cell by cell, on the map
key-remove = take a photo away, in the strip
key-undo = undo, under “Train your own”
key-help = this sheet
undo = Undo
dismiss-all = Dismiss all
of-files = { $n } files: { $what } ({ $names })
passed-over =
    { $n ->
        [one] 1 file was passed over: { $endings }
       *[other] { $n } files were passed over: { $endings }
    }
without-ending = without ending
photo-gone = “{ $name }” is taken away.
step-photo = Drop a photo, or take a sample.
step-map = See what the AI says it is, and which places spoke for that.
step-go-on = Ask for another answer, check many photos, or teach it your own classes.
answer-none = None of its classes: the best, “{ $class }”, has { $percent } %, and { $least } % are asked for.
class-similar = No class is called “{ $name }”. Similar: { $names }.
explain-differently = Explain differently
method-group =
    .aria-label = Method
hold =
    .aria-label = Hold to compare with the photo
    .title = Hold to compare with the photo (C)
save-png =
    .aria-label = Save as PNG
    .title = Save as PNG, with caption
copy-png =
    .aria-label = Copy
    .title = Copy the picture
share-png =
    .aria-label = Share
    .title = Share the picture

## Check: one photo among many

check-choose = Choose a photo to see why it is what it is.
check-questions =
    .aria-label = What to ask of this photo
check-tab-why = Why
check-tab-boxes = Boxes
check-tab-trust = Trust
check-tab-compare = Compare
check-box-draw = Draw a box
check-samples = Try the samples
check-cleared =
    { $n ->
        [one] 1 photo is cleared.
       *[other] { $n } photos are cleared.
    }
check-filter-reset = Show all
check-groups =
    .aria-label = Which photos
check-group-all = All
check-group-elsewhere = Look elsewhere
check-group-unsure = Unsure
check-group-wrong = Wrong
check-head-elsewhere =
    { $n ->
        [one] 1 of { $of } looks elsewhere
       *[other] { $n } of { $of } look elsewhere
    }
check-head-wrong =
    { $n ->
        [one] 1 of { $of } is wrong
       *[other] { $n } of { $of } are wrong
    }
check-head-unsure = The network is unsure of { $n } of { $of }
check-head-fine =
    { $of ->
        [one] Nothing suspicious in this photo
       *[other] Nothing suspicious in { $of } photos
    }

## Teach: three steps

teach-step-examples = Examples
teach-step-train = Train
teach-step-try = Try it
teach-try-none = Once it has learnt, show it a new photo here, or the camera.
teach-try-how = Show it a photo that it has never seen.
teach-try-photo = Choose a photo
teach-try-input =
    .aria-label = Try a photo
teach-try-camera = Camera
teach-try-stop = Stop the camera
teach-try-answer = This is “{ $class }” ({ $percent } %).
teach-try-unsure = None of these: the best, “{ $class }”, has only { $percent } %.
teach-arriving =
    { $n ->
        [one] 1 photo is being read …
       *[other] { $n } photos are being read …
    }
teach-photos-missing =
    { $n ->
        [one] 1 file is missing from it: { $names }.
       *[other] { $n } files are missing from it: { $names }.
    }
teach-few =
    { $n ->
        [one] Only 1 photo: one more mistake changes this by { $points } points. More photos make it surer.
       *[other] Only { $n } photos: one more mistake changes this by { $points } points. More photos make it surer.
    }

## About: four pictures

about-four-photo = 1. A photo goes in.
about-four-cells = 2. The network turns it into a coarse grid. Hundreds of such grids each react to something: fur, an edge, an antler.
about-four-weights = 3. Every class has a weight for each of them: for it (red) or against it (blue).
about-four-map = 4. Weighed and added up, cell by cell, they are the map. Its mean is the class’s score.
clear-photos =
    .aria-label = Clear all photos
    .title = Clear all photos. This browser keeps them for your next visit, at most 100 photos or 300 MB.
photos-gone =
    { $n ->
        [one] 1 photo is cleared.
       *[other] { $n } photos are cleared.
    }
check-in-hand =
    { $n ->
        [one] Take the photo from “One photo”
       *[other] Take the { $n } photos from “One photo”
    }
drop-touch = Choose or take a photo
look-camera = Take a photo
look-camera-name = Camera
look-camera-take = Take it
look-camera-dialog =
    .aria-label = Take a photo
    .title = Take a photo
check-random-map =
    .aria-label = Map with random weights in { $layer } and all layers after it
