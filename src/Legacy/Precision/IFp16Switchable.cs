using static TorchSharp.torch;

namespace Compat.Legacy;

/// <summary>What computes in mixed precision if it is switched on: MMCV's attribute <c>fp16_enabled</c>. A module without it never casts.</summary>
/// <remarks>It need not be a module: what MMCV lists in <c>supported_types</c> implements it likewise.</remarks>
public interface IFp16Switchable
{
    /// <summary>Gets or sets whether it casts. It begins as <see langword="false"/> unless the module says otherwise.</summary>
    bool Fp16Enabled { get; set; }

    /// <summary>Gets or sets the precision in which it computes then. MMCV knows half precision alone.</summary>
    /// <value><see langword="null"/>, as it begins, for Float16. On a CPU it must be BFloat16.</value>
    ScalarType? Fp16Dtype { get; set; }
}
