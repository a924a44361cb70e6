using static TorchSharp.torch;

namespace Compat.Legacy;

/// <summary>Mixed precision of single modules.</summary>
public static class Fp16
{
    /// <summary>Switches mixed precision on in every module that can be switched. Parameters stay as they are.</summary>
    /// <remarks>Source: MMCV <c>wrap_fp16_model</c> with PyTorch ≥ 1.6.</remarks>
    /// <param name="model">The model. Borrowed.</param>
    /// <returns>How many modules are switched on now; 0 says that nothing will be cast.</returns>
    public static int Wrap(nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        IFp16Switchable[] modules = [.. model.modules().Prepend(model).Distinct().OfType<IFp16Switchable>()];
        Array.ForEach(modules, module => module.Fp16Enabled = true);
        return modules.Length;
    }
}
