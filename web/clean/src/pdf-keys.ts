// The keys that the dictionaries of a PDF may have (ISO 32000-2 and the corrections to it). A key that stands in none of the
// specification's tables is some program's own: no viewer needs it, and it goes.

import type { Removed } from "./cleaned"

/** Keys that mean the same wherever they stand, and that no viewer needs. */
export const DROPPED: Record<string, Removed> = {
  Metadata: "xmp",
  PieceInfo: "custom-data",
  LastModified: "timestamps",
  Thumb: "thumbnail",
  SpiderInfo: "history",
  IDS: "identifiers",
  URLS: "history",
  DPM: "custom-data",
  OPI: "local-path",
  CreatorInfo: "software",
  Extensions: "software",
  "PTEX.FileName": "embedded-name",
  "PTEX.InfoDict": "properties",
  "PTEX.PageNumber": "embedded-name",
}

/** Dictionaries whose keys are names that the document gives itself. */
export const NAMED_BY_DOCUMENT = new Set(
  "Font XObject ColorSpace ExtGState Pattern Shading Properties CharProcs RoleMap ClassMap Dests Colorants N R D Solidities".split(" "),
)

export const KNOWN = new Set(
  // Files, streams, filters
  (
    "Size Prev Root Encrypt Info ID XRefStm Type Subtype Length Filter DecodeParms DP F FFilter FDecodeParms DL Predictor Colors BitsPerComponent " +
    "Columns EarlyChange K EndOfLine EncodedByteAlign Rows EndOfBlock BlackIs1 DamagedRowsBeforeError JBIG2Globals ColorTransform N First Extends Index W " +
    // Catalogue, pages, trees
    "Version Pages PageLabels Names Dests ViewerPreferences PageLayout PageMode Outlines Threads OpenAction AA URI AcroForm StructTreeRoot MarkInfo " +
    "Lang OutputIntents OCProperties Perms Legal Requirements Collection NeedsRendering DSS AF DPartRoot Kids Count Parent Limits Nums AP JavaScript " +
    "Templates EmbeddedFiles AlternatePresentations Renditions Resources MediaBox CropBox BleedBox TrimBox ArtBox BoxColorInfo Contents Rotate Group B Dur " +
    "Trans Annots StructParents StructParent PZ SeparationInfo Tabs TemplateInstantiated PresSteps UserUnit VP DPart OutputConditionIdentifier " +
    "ProcSet Font XObject ColorSpace ExtGState Pattern Shading Properties HideToolbar HideMenubar HideWindowUI FitWindow CenterWindow DisplayDocTitle " +
    "NonFullScreenPageMode Direction ViewArea ViewClip PrintArea PrintClip PrintScaling Duplex PickTrayByPDFSize PrintPageRange NumCopies Enforce " +
    // Graphics state, colour, patterns, functions
    "LW LC LJ ML D RI OP op OPM BG BG2 UCR UCR2 TR TR2 HT FL SM SA BM SMask CA ca AIS TK UseBlackPtComp HTO CS I IS S G Domain Range C0 C1 Bounds Encode " +
    "Functions FunctionType BitsPerSample Order Decode PatternType PaintType TilingType BBox XStep YStep Matrix ShadingType Background AntiAlias " +
    "Coords Extend Function BitsPerCoordinate BitsPerFlag VerticesPerRow WhitePoint BlackPoint Gamma Alternate Colorants Process MixingHints Components " +
    "Solidities PrintingOrder DotGain HalftoneType HalftoneName Frequency Angle SpotFunction AccurateScreens TransferFunction Width Height Width2 Height2 " +
    "Xsquare Ysquare Default Cyan Magenta Yellow Black Red Green Blue Gray " +
    // Pictures and forms
    "Intent ImageMask Mask Interpolate Alternates SMaskInData Name OC Measure PtData Matte Image DefaultForPrinting FormType Ref Page BPC H IM L " +
    // Fonts
    "BaseFont FirstChar LastChar Widths FontDescriptor Encoding ToUnicode FontBBox FontMatrix CharProcs DescendantFonts CIDSystemInfo DW DW2 W2 CIDToGIDMap " +
    "BaseEncoding Differences Registry Ordering Supplement CMapName WMode UseCMap FontName FontFamily FontStretch FontWeight Flags ItalicAngle Ascent " +
    "Descent Leading CapHeight XHeight StemV StemH AvgWidth MaxWidth MissingWidth FontFile FontFile2 FontFile3 CharSet Style FD CIDSet Panose Length1 Length2 " +
    "Length3 FontAxes " +
    // Outlines, destinations, articles, actions, remarks
    "Title Dest A SE C Last Next V T P M Rect NM Border Open State StateModel Popup RC CreationDate IRT Subj RT IT ExData DA Q DS CL BE BS RD LE QuadPoints " +
    "PA IC LL LLE LLO Cap CP CO Vertices Path Sy InkList FS Sound Movie MK TI FixedPrint AC RO R BC CA IX RI IF TP AS E X U PO PV PC PI Bl Fo K JS " +
    "SW NewWindow Mac Unix Win IsMap Base TargetPath J Operation Fields Flags CharSet TA Volume Synchronous Repeat Mix Annotation Parameters Hid Time Start " +
    "Duration Rate ShowControls Mode Aspect Poster FWScale FWPosition Trans Instance OverlayText FT TU TM Ff DV NeedAppearances SigFlags DR XFA MaxLen Opt TI Lock " +
    "SV Action Reasons MDP TimeStamp LegalAttestation AddRevInfo RepeatText ROI H VE Location Reason ContactInfo Prop_Build Cert ByteRange Changes SubFilter " +
    // Layers
    "OCGs Configs Creator BaseState ON OFF Event Category RBGroups Locked ListMode Usage Export Zoom Print View User PageElement Language Preferred " +
    "ViewState PrintState ExportState min max Artwork " +
    // Structure
    "IDTree ParentTree ParentTreeNextKey RoleMap ClassMap Namespaces PronunciationLexicon Pg Alt ActualText NS RoleMapNS Phoneme PhoneticAlphabet MCID " +
    "Stm StmOwn Obj O UserProperties Suspects Marked Attached Contents Placement WritingMode BackgroundColor BorderColor BorderStyle BorderThickness Padding " +
    "Color SpaceBefore SpaceAfter StartIndent EndIndent TextIndent TextAlign BlockAlign InlineAlign TBorderStyle TPadding BaselineShift LineHeight " +
    "TextDecorationColor TextDecorationThickness TextDecorationType RubyAlign RubyPosition GlyphOrientationVertical ColumnCount ColumnGap ColumnWidths " +
    "ListNumbering ContinuedList ContinuedFrom Role checked Checked Desc RowSpan ColSpan Headers Scope Summary Short TextPosition Formula NoteType Table Layout " +
    // Files, portfolios, media, three dimensions
    "UF EF RF DOS Desc CI EP AFRelationship EmbeddedFile Params CheckSum ModDate Schema Sort Navigator Split Folders CreationDate FontDescriptor View " +
    "CompressedSize OutputCondition RegistryName DestOutputProfile DestOutputProfileRef SpectralData Info Condition OPM " +
    "CT MH BE SP MU BU NU PL Z DB B BG AN Content Settings Assets Configurations Instances Activation Deactivation Animation Views Presentation Params " +
    "Window Position HAlign VAlign HOffset VOffset Foreground FlashVars Binding BindingMaterialName CuePoints Time PassContextClick Toolbar NavigationPane " +
    "Transparent XN IN MS C2W U3DPath LS Azimuth RM AzimuthType Material Units Subactivation TransparentBG VA OnInstantiate Resources Ubiquity NodeSelect " +
    "Playlist PlayerDialog Skin Speed Background Orientation DIS MA ML NR Scale EA AND Dm Di SS St SD PreserveRB DocMDP UR3 Level1 PS"
  ).split(" "),
)
