using static TorchSharp.torch;

namespace Compat.Legacy;

/// <summary>Mixed precision of single modules.</summary>
/// <remarks>
/// <para>MMCV's decorators are the first line of a method here. The inputs to be cast, which MMCV's <c>apply_to</c> names, are handed over by reference; without
/// any, nothing is cast and autocast is on all the same. The scope lasts to the end of the method. An input that takes its default value after that line is not
/// cast, as in MMCV.</para>
/// <para>Only what is of the one precision is cast to the other, also inside lists, arrays, tuples and dictionaries (<see cref="TensorCast"/>).</para>
/// </remarks>
/// <example><code>
/// // @auto_fp16(apply_to=('x', ), out_fp32=True)
/// // def forward(self, x, mask): ...
/// public Tensor Forward(Tensor x, Tensor mask)
/// {
///     using Fp16Scope half = Fp16.Auto(this, ref x);
///     return half.CastBack(head.forward(x) * mask);             // without out_fp32: return head.forward(x) * mask;
/// }
/// </code></example>
public static partial class Fp16
{
    /// <summary>Switches mixed precision on in every module that can be switched. Parameters stay as they are.</summary>
    /// <remarks>Source: MMCV <c>wrap_fp16_model</c> with PyTorch ≥ 1.6.</remarks>
    /// <param name="model">The model. Borrowed.</param>
    /// <param name="dtype">The precision, which MMCV does not let one choose. <see langword="null"/>, the default, leaves it as each module has it.</param>
    /// <returns>How many modules are switched on now; 0 says that nothing will be cast.</returns>
    public static int Wrap(nn.Module model, ScalarType? dtype = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        IFp16Switchable[] modules = [.. model.modules().Prepend(model).Distinct().OfType<IFp16Switchable>()];
        foreach (IFp16Switchable module in modules)
        {
            (module.Fp16Enabled, module.Fp16Dtype) = (true, dtype ?? module.Fp16Dtype);
        }

        return modules.Length;
    }
}
