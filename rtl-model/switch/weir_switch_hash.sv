// SPDX-License-Identifier: Apache-2.0
// Rows of a filter key in the four banks: 36 parities over the 62-bit key {mode, vid, mac}. The masks were drawn at random
// and chosen so that any ten neighbouring MAC bits reach at least 2^8 rows in every bank: regular MACs spread (see the
// bench's cuckoo case). Linear, so the ANY_VLAN key (mode and vid zero) shares its part. Combinational.
module weir_switch_hash (
    input  logic        enable_i,
    input  logic [61:0] key_i,
    output logic [35:0] row_any_o,   // of {0, 0, mac}; bank n in 9*n +: 9
    output logic [35:0] row_o        // of key_i
);
  localparam logic [36*62-1:0] Masks = {
      62'h2eee40cf306c0238, 62'h357cbde818ceb447, 62'h2b07ba67ecdf7838, 62'h2f162c3715f7b578,
      62'h32c46a8975347d9f, 62'h0e62cf483514987e, 62'h2d267e8fd7a7c2fd, 62'h15bd1ba157de65a9,
      62'h36230b091da527cf, 62'h34170314774f9f5e, 62'h353f4761efef0528, 62'h1ee3c888bd2a5edd,
      62'h204266b15bbb39dd, 62'h300f970fb4367c63, 62'h15752a186ec4b762, 62'h0d988d6c61cf6dc1,
      62'h12cdd9deb199f78f, 62'h0c14693d31a31fb4, 62'h01f4e9792ca0492e, 62'h1e7fd9b5cea9f1d5,
      62'h0c818c1e33da09f0, 62'h1dbf83d8ad7bef30, 62'h0a24e7af57469e23, 62'h286242e2dfc64dc4,
      62'h3f68fa076af68ad5, 62'h1a85bf37a28efe55, 62'h02747ba40fd44c9f, 62'h2db2ed70ae14ab05,
      62'h3899ac76fc541c64, 62'h3d643bfb884a924a, 62'h145d75f19081752d, 62'h097405a0bb60f18a,
      62'h291af146c5db6dfb, 62'h079ba017855ec1ce, 62'h3029e87984438601, 62'h174e18cf2765f940
  };

  always_comb begin
    row_any_o = '0;
    row_o = '0;
    if (enable_i) begin
      for (int i = 0; i < 36; i++) begin
        row_any_o[i] = ^(key_i[47:0] & Masks[62*i +: 48]);
        row_o[i] = row_any_o[i] ^ (^(key_i[61:48] & Masks[62*i+48 +: 14]));
      end
    end
  end
endmodule
