namespace Compat.Legacy;

/// <summary>A module whose mixed precision can be switched on: MMCV's attribute <c>fp16_enabled</c>. A module without it never casts.</summary>
public interface IFp16Switchable
{
    /// <summary>Gets or sets whether the module casts. It begins as <see langword="false"/> unless the module says otherwise.</summary>
    bool Fp16Enabled { get; set; }
}
