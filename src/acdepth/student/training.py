"""The student's training: L = L_d + l1 L_r + l2 L_c on the translated mix (ACDepth, section 3.3)."""
