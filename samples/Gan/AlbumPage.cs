namespace Gan;

/// <summary>The digits of one epoch.</summary>
/// <param name="Epoch">The epoch, counted from 1.</param>
/// <param name="Digits">For each digit the values of its 8×8 pixels, row by row, from 0 to 1.</param>
internal sealed record AlbumPage(int Epoch, IReadOnlyList<float[]> Digits);
