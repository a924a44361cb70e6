namespace Compat.Torch.Serialization;

/// <summary>How a <c>.pth</c> file is read.</summary>
public sealed record PthReadOptions
{
    /// <summary>Gets whether the zip format's checksums are left unchecked.</summary>
    /// <value>
    /// The default is <see langword="false"/>: what has changed on the disk since it was written is an error. <see langword="true"/> is for files that were written
    /// without checksums (PyTorch 2.6 and later: <c>set_crc32_options(False)</c>), and to save what is left of a damaged one.
    /// </value>
    public bool IgnoreChecksums { get; init; }
}
