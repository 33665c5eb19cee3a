;; 4:2:0 video to pixels R G B A, sixteen pixels at a time: what convertYuv of codecs/yuv does, to the bit.
;; Changed here, then assembled by `node scripts/assemble.js`.
(module
  (memory (export "memory") 1)
  (func (export "convert")
    ;; Where the planes begin, bytes between their rows, and between two chroma samples (2 where U and V alternate).
    (param $y i32) (param $yStride i32) (param $u i32) (param $v i32) (param $chromaStride i32) (param $chromaStep i32)
    ;; Blocks of sixteen pixels in a row, rows, where the pixels go, and bytes between their rows.
    (param $blocks i32) (param $height i32) (param $out i32) (param $outStride i32)
    ;; YuvCoefficients.
    (param $scale i32) (param $bias i32) (param $rv i32) (param $gu i32) (param $gv i32) (param $bu i32)
    (local $row i32) (local $left i32) (local $chroma i32)
    (local $fromY i32) (local $fromU i32) (local $fromV i32) (local $to i32)
    (local $scales v128) (local $biases v128) (local $rvs v128) (local $gus v128) (local $gvs v128) (local $bus v128)
    (local $a v128) (local $b v128) (local $u0 v128) (local $u1 v128) (local $v0 v128) (local $v1 v128)
    (local $y0 v128) (local $y1 v128) (local $y2 v128) (local $y3 v128)
    (local $red v128) (local $red0 v128) (local $red1 v128)
    (local $green v128) (local $green0 v128) (local $green1 v128)
    (local $blue v128) (local $blue0 v128) (local $blue1 v128)
    (local.set $scales (i32x4.splat (local.get $scale)))
    (local.set $biases (i32x4.splat (local.get $bias)))
    (local.set $rvs (i32x4.splat (local.get $rv)))
    (local.set $gus (i32x4.splat (local.get $gu)))
    (local.set $gvs (i32x4.splat (local.get $gv)))
    (local.set $bus (i32x4.splat (local.get $bu)))
    (block $end (loop $rows
      (br_if $end (i32.ge_u (local.get $row) (local.get $height)))
      (local.set $chroma (i32.mul (i32.shr_u (local.get $row) (i32.const 1)) (local.get $chromaStride)))
      (local.set $fromY (i32.add (local.get $y) (i32.mul (local.get $row) (local.get $yStride))))
      (local.set $fromU (i32.add (local.get $u) (local.get $chroma)))
      (local.set $fromV (i32.add (local.get $v) (local.get $chroma)))
      (local.set $to (i32.add (local.get $out) (i32.mul (local.get $row) (local.get $outStride))))
      (local.set $left (local.get $blocks))
      (block $rowEnd (loop $columns
        (br_if $rowEnd (i32.eqz (local.get $left)))

        ;; Eight samples of U and V, less 128, as two times four 32-bit numbers each.
        (if (i32.eq (local.get $chromaStep) (i32.const 1))
          (then
            (local.set $a (v128.load64_zero (local.get $fromU)))
            (local.set $b (v128.load64_zero (local.get $fromV))))
          (else
            (local.set $a (v128.load (local.get $fromU)))
            (local.set $b (v128.load (local.get $fromV)))
            (local.set $a (i8x16.shuffle 0 2 4 6 8 10 12 14 0 0 0 0 0 0 0 0 (local.get $a) (local.get $a)))
            (local.set $b (i8x16.shuffle 0 2 4 6 8 10 12 14 0 0 0 0 0 0 0 0 (local.get $b) (local.get $b)))))
        (local.set $a (i16x8.sub (i16x8.extend_low_i8x16_u (local.get $a)) (i16x8.splat (i32.const 128))))
        (local.set $b (i16x8.sub (i16x8.extend_low_i8x16_u (local.get $b)) (i16x8.splat (i32.const 128))))
        (local.set $u0 (i32x4.extend_low_i16x8_s (local.get $a)))
        (local.set $u1 (i32x4.extend_high_i16x8_s (local.get $a)))
        (local.set $v0 (i32x4.extend_low_i16x8_s (local.get $b)))
        (local.set $v1 (i32x4.extend_high_i16x8_s (local.get $b)))
        (local.set $red0 (i32x4.mul (local.get $v0) (local.get $rvs)))
        (local.set $red1 (i32x4.mul (local.get $v1) (local.get $rvs)))
        (local.set $green0
          (i32x4.add (i32x4.mul (local.get $u0) (local.get $gus)) (i32x4.mul (local.get $v0) (local.get $gvs))))
        (local.set $green1
          (i32x4.add (i32x4.mul (local.get $u1) (local.get $gus)) (i32x4.mul (local.get $v1) (local.get $gvs))))
        (local.set $blue0 (i32x4.mul (local.get $u0) (local.get $bus)))
        (local.set $blue1 (i32x4.mul (local.get $u1) (local.get $bus)))

        ;; Sixteen samples of Y as four times four.
        (local.set $a (v128.load (local.get $fromY)))
        (local.set $b (i16x8.extend_high_i8x16_u (local.get $a)))
        (local.set $a (i16x8.extend_low_i8x16_u (local.get $a)))
        (local.set $y0
          (i32x4.add (i32x4.mul (i32x4.extend_low_i16x8_u (local.get $a)) (local.get $scales)) (local.get $biases)))
        (local.set $y1
          (i32x4.add (i32x4.mul (i32x4.extend_high_i16x8_u (local.get $a)) (local.get $scales)) (local.get $biases)))
        (local.set $y2
          (i32x4.add (i32x4.mul (i32x4.extend_low_i16x8_u (local.get $b)) (local.get $scales)) (local.get $biases)))
        (local.set $y3
          (i32x4.add (i32x4.mul (i32x4.extend_high_i16x8_u (local.get $b)) (local.get $scales)) (local.get $biases)))

        ;; Each chroma sample is for two pixels. Narrowing brings what is out of range to 0 and 255.
        (local.set $red (i8x16.narrow_i16x8_u
          (i16x8.narrow_i32x4_s
            (i32x4.shr_s (i32x4.add (local.get $y0) (i8x16.shuffle 0 1 2 3 0 1 2 3 4 5 6 7 4 5 6 7 (local.get $red0) (local.get $red0))) (i32.const 16))
            (i32x4.shr_s (i32x4.add (local.get $y1) (i8x16.shuffle 8 9 10 11 8 9 10 11 12 13 14 15 12 13 14 15 (local.get $red0) (local.get $red0))) (i32.const 16)))
          (i16x8.narrow_i32x4_s
            (i32x4.shr_s (i32x4.add (local.get $y2) (i8x16.shuffle 0 1 2 3 0 1 2 3 4 5 6 7 4 5 6 7 (local.get $red1) (local.get $red1))) (i32.const 16))
            (i32x4.shr_s (i32x4.add (local.get $y3) (i8x16.shuffle 8 9 10 11 8 9 10 11 12 13 14 15 12 13 14 15 (local.get $red1) (local.get $red1))) (i32.const 16)))))
        (local.set $green (i8x16.narrow_i16x8_u
          (i16x8.narrow_i32x4_s
            (i32x4.shr_s (i32x4.add (local.get $y0) (i8x16.shuffle 0 1 2 3 0 1 2 3 4 5 6 7 4 5 6 7 (local.get $green0) (local.get $green0))) (i32.const 16))
            (i32x4.shr_s (i32x4.add (local.get $y1) (i8x16.shuffle 8 9 10 11 8 9 10 11 12 13 14 15 12 13 14 15 (local.get $green0) (local.get $green0))) (i32.const 16)))
          (i16x8.narrow_i32x4_s
            (i32x4.shr_s (i32x4.add (local.get $y2) (i8x16.shuffle 0 1 2 3 0 1 2 3 4 5 6 7 4 5 6 7 (local.get $green1) (local.get $green1))) (i32.const 16))
            (i32x4.shr_s (i32x4.add (local.get $y3) (i8x16.shuffle 8 9 10 11 8 9 10 11 12 13 14 15 12 13 14 15 (local.get $green1) (local.get $green1))) (i32.const 16)))))
        (local.set $blue (i8x16.narrow_i16x8_u
          (i16x8.narrow_i32x4_s
            (i32x4.shr_s (i32x4.add (local.get $y0) (i8x16.shuffle 0 1 2 3 0 1 2 3 4 5 6 7 4 5 6 7 (local.get $blue0) (local.get $blue0))) (i32.const 16))
            (i32x4.shr_s (i32x4.add (local.get $y1) (i8x16.shuffle 8 9 10 11 8 9 10 11 12 13 14 15 12 13 14 15 (local.get $blue0) (local.get $blue0))) (i32.const 16)))
          (i16x8.narrow_i32x4_s
            (i32x4.shr_s (i32x4.add (local.get $y2) (i8x16.shuffle 0 1 2 3 0 1 2 3 4 5 6 7 4 5 6 7 (local.get $blue1) (local.get $blue1))) (i32.const 16))
            (i32x4.shr_s (i32x4.add (local.get $y3) (i8x16.shuffle 8 9 10 11 8 9 10 11 12 13 14 15 12 13 14 15 (local.get $blue1) (local.get $blue1))) (i32.const 16)))))

        ;; R G and B A in turns, then both pairs in turns.
        (local.set $a
          (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $red) (local.get $green)))
        (local.set $b
          (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $blue) (v128.const i32x4 -1 -1 -1 -1)))
        (v128.store (local.get $to)
          (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $a) (local.get $b)))
        (v128.store offset=16 (local.get $to)
          (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $a) (local.get $b)))
        (local.set $a
          (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $red) (local.get $green)))
        (local.set $b
          (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $blue) (v128.const i32x4 -1 -1 -1 -1)))
        (v128.store offset=32 (local.get $to)
          (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $a) (local.get $b)))
        (v128.store offset=48 (local.get $to)
          (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $a) (local.get $b)))

        (local.set $fromY (i32.add (local.get $fromY) (i32.const 16)))
        (local.set $fromU (i32.add (local.get $fromU) (i32.shl (local.get $chromaStep) (i32.const 3))))
        (local.set $fromV (i32.add (local.get $fromV) (i32.shl (local.get $chromaStep) (i32.const 3))))
        (local.set $to (i32.add (local.get $to) (i32.const 64)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $columns)))
      (local.set $row (i32.add (local.get $row) (i32.const 1)))
      (br $rows)))))
