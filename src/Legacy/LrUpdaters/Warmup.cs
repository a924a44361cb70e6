namespace Compat.Legacy;

/// <summary>How the learning rate rises to its regular value. With ratio <c>r</c>, length <c>N</c> and iteration <c>t</c>:</summary>
public enum Warmup
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>The regular value times <c>r</c>.</summary>
    Constant,

    /// <summary>The regular value times <c>1 - (1 - t/N)(1 - r)</c>.</summary>
    Linear,

    /// <summary>The regular value times <c>r^(1 - t/N)</c>.</summary>
    Exp,
}
