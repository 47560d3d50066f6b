/** For a screen and for A4 paper; only what every browser brings, in greys that survive a copier. */
export const STYLE = `
:root{color-scheme:light;--ink:#16191d;--soft:#555d66;--line:#c9ced4;--shade:#f2f4f6;--good:#0b5a38;--bad:#9b1c1c}
*{box-sizing:border-box}
body{font:10.5pt/1.5 "Source Serif 4",Charter,"Bitstream Charter",Georgia,"DejaVu Serif",serif;max-width:62rem;margin:0 auto;padding:2.5rem 2rem 4rem;color:var(--ink);background:#fff}
header{border-bottom:3px solid var(--ink);padding-bottom:1rem;margin-bottom:1.5rem}
.kind{font:600 8.5pt/1 "Source Sans 3","Helvetica Neue",Arial,"DejaVu Sans",sans-serif;letter-spacing:.12em;text-transform:uppercase;color:var(--soft);margin:0 0 .6rem}
h1{font-size:23pt;line-height:1.15;margin:0 0 .4rem;font-weight:600}
h2{font-size:14pt;line-height:1.25;margin:2.4rem 0 .4rem;font-weight:600;break-after:avoid}
h3{font-size:11pt;margin:1.4rem 0 .2rem;break-after:avoid}
p{margin:.4rem 0;max-width:44rem}
.lead{font-size:12pt;max-width:46rem}
.demo{border:2px solid var(--bad);color:var(--bad);padding:.5rem .9rem;margin:0 0 1.2rem;font-weight:700;max-width:none}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;margin:1rem 0 0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.figures{display:grid;grid-template-columns:repeat(6,1fr);margin:1.4rem 0 0;padding:0;list-style:none;border:1px solid var(--line)}
.figures li{padding:.7rem .8rem;border-left:1px solid var(--line);font-size:9pt;line-height:1.25;color:var(--soft)}
.figures li:first-child{border-left:0}
.figures b{display:block;font-size:21pt;line-height:1.1;color:var(--ink);font-weight:600}
table{border-collapse:collapse;width:100%;font-size:9pt;line-height:1.35;margin:.7rem 0 0;font-variant-numeric:tabular-nums}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
thead{display:table-header-group}
thead th{border-bottom:1.5px solid var(--ink);color:var(--ink);font-weight:600;vertical-align:bottom}
th,td{text-align:left;padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th[scope=row]{font-weight:600}
tr{break-inside:avoid}
section>p,thead{break-after:avoid}
code{font:8pt/1.3 "Source Code Pro",Menlo,Consolas,"DejaVu Sans Mono",monospace;color:var(--soft);overflow-wrap:anywhere}
pre{background:var(--shade);border:1px solid var(--line);padding:.6rem .8rem;white-space:pre-wrap;overflow-wrap:anywhere;font:9pt/1.4 "Source Code Pro",Menlo,Consolas,"DejaVu Sans Mono",monospace}
.matrix{table-layout:fixed}
.matrix td,.matrix thead th,.matrix tbody th{border:1px solid var(--line);padding:.45rem .6rem}
.matrix thead th{text-align:center;background:var(--shade)}
.matrix .tested{border-left:4px solid var(--good)}
.matrix .never{border-left:4px dashed #8a6d1a}
.matrix .ended{border-left:4px double var(--bad)}
.matrix .none{color:var(--soft);text-align:center;background:repeating-linear-gradient(135deg,#fff 0 5px,#f4f5f7 5px 6px)}
.mark{font-weight:700;white-space:nowrap}
.ended .mark,.bad{color:var(--bad)}.tested .mark,.good{color:var(--good)}.never .mark{color:#6b5410}
.key{font-size:9pt;color:var(--soft)}
.small{font-size:9pt;color:var(--soft)}
ul.plain{margin:0;padding:0;list-style:none}
footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:.8rem;font-size:9pt;color:var(--soft)}
@media screen and (max-width:48rem){.figures{grid-template-columns:repeat(3,1fr)}body{padding:1rem}}
@media print{
@page{size:A4;margin:17mm 16mm 19mm}
body{max-width:none;padding:0;font-size:10pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
h1{font-size:19pt}
h2{margin-top:1.6rem}
p{orphans:3;widows:3}
.figures,dl,pre,.keep{break-inside:avoid}
}
`;
