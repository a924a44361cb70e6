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
public static class Fp16
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

    /// <summary>Computes in the lower precision to the end of the method, and casts no input: MMCV's <c>auto_fp16</c> with an empty <c>apply_to</c>.</summary>
    /// <param name="module">The module whose method it is.</param>
    /// <returns>The scope, to be disposed at the end of the method.</returns>
    /// <exception cref="InvalidOperationException">It would be half precision on a CPU; the message has the setting to write.</exception>
    public static Fp16Scope Auto(IFp16Switchable module) => Fp16Scope.Lower(module).Begin();

    /// <summary>Computes in the lower precision to the end of the method, and casts inputs of float32 to it.</summary>
    /// <typeparam name="T">The type of the input.</typeparam>
    /// <param name="module">The module whose method it is.</param>
    /// <param name="input">The input to be cast.</param>
    /// <returns>The scope, to be disposed at the end of the method.</returns>
    /// <exception cref="InvalidOperationException">It would be half precision on a CPU; the message has the setting to write.</exception>
    public static Fp16Scope Auto<T>(IFp16Switchable module, ref T input)
    {
        Fp16Scope scope = Fp16Scope.Lower(module, input);
        input = scope.Cast(input);
        return scope.Begin();
    }

    /// <summary>Computes in the lower precision to the end of the method, and casts inputs of float32 to it.</summary>
    /// <typeparam name="T1">The type of the first input.</typeparam>
    /// <typeparam name="T2">The type of the second input.</typeparam>
    /// <param name="module">The module whose method it is.</param>
    /// <param name="first">The first input to be cast.</param>
    /// <param name="second">The second input to be cast.</param>
    /// <returns>The scope, to be disposed at the end of the method.</returns>
    /// <exception cref="InvalidOperationException">It would be half precision on a CPU; the message has the setting to write.</exception>
    public static Fp16Scope Auto<T1, T2>(IFp16Switchable module, ref T1 first, ref T2 second)
    {
        Fp16Scope scope = Fp16Scope.Lower(module, first, second);
        (first, second) = (scope.Cast(first), scope.Cast(second));
        return scope.Begin();
    }

    /// <summary>Computes in the lower precision to the end of the method, and casts inputs of float32 to it.</summary>
    /// <typeparam name="T1">The type of the first input.</typeparam>
    /// <typeparam name="T2">The type of the second input.</typeparam>
    /// <typeparam name="T3">The type of the third input.</typeparam>
    /// <param name="module">The module whose method it is.</param>
    /// <param name="first">The first input to be cast.</param>
    /// <param name="second">The second input to be cast.</param>
    /// <param name="third">The third input to be cast.</param>
    /// <returns>The scope, to be disposed at the end of the method.</returns>
    /// <exception cref="InvalidOperationException">It would be half precision on a CPU; the message has the setting to write.</exception>
    public static Fp16Scope Auto<T1, T2, T3>(IFp16Switchable module, ref T1 first, ref T2 second, ref T3 third)
    {
        Fp16Scope scope = Fp16Scope.Lower(module, first, second, third);
        (first, second, third) = (scope.Cast(first), scope.Cast(second), scope.Cast(third));
        return scope.Begin();
    }

    /// <summary>Computes in the lower precision to the end of the method, and casts inputs of float32 to it.</summary>
    /// <typeparam name="T1">The type of the first input.</typeparam>
    /// <typeparam name="T2">The type of the second input.</typeparam>
    /// <typeparam name="T3">The type of the third input.</typeparam>
    /// <typeparam name="T4">The type of the fourth input.</typeparam>
    /// <param name="module">The module whose method it is.</param>
    /// <param name="first">The first input to be cast.</param>
    /// <param name="second">The second input to be cast.</param>
    /// <param name="third">The third input to be cast.</param>
    /// <param name="fourth">The fourth input to be cast.</param>
    /// <returns>The scope, to be disposed at the end of the method.</returns>
    /// <exception cref="InvalidOperationException">It would be half precision on a CPU; the message has the setting to write.</exception>
    public static Fp16Scope Auto<T1, T2, T3, T4>(IFp16Switchable module, ref T1 first, ref T2 second, ref T3 third, ref T4 fourth)
    {
        Fp16Scope scope = Fp16Scope.Lower(module, first, second, third, fourth);
        (first, second, third, fourth) = (scope.Cast(first), scope.Cast(second), scope.Cast(third), scope.Cast(fourth));
        return scope.Begin();
    }

    /// <summary>Computes in float32 to the end of the method, and casts no input: MMCV's <c>force_fp32</c> with an empty <c>apply_to</c>.</summary>
    /// <param name="module">The module whose method it is.</param>
    /// <returns>The scope, to be disposed at the end of the method.</returns>
    public static Fp16Scope Force32(IFp16Switchable module) => Fp16Scope.Full(module).Begin();

    /// <summary>Computes in float32 to the end of the method, and casts inputs of the lower precision to it.</summary>
    /// <typeparam name="T">The type of the input.</typeparam>
    /// <param name="module">The module whose method it is.</param>
    /// <param name="input">The input to be cast.</param>
    /// <returns>The scope, to be disposed at the end of the method.</returns>
    public static Fp16Scope Force32<T>(IFp16Switchable module, ref T input)
    {
        Fp16Scope scope = Fp16Scope.Full(module, input);
        input = scope.Cast(input);
        return scope.Begin();
    }

    /// <summary>Computes in float32 to the end of the method, and casts inputs of the lower precision to it.</summary>
    /// <typeparam name="T1">The type of the first input.</typeparam>
    /// <typeparam name="T2">The type of the second input.</typeparam>
    /// <param name="module">The module whose method it is.</param>
    /// <param name="first">The first input to be cast.</param>
    /// <param name="second">The second input to be cast.</param>
    /// <returns>The scope, to be disposed at the end of the method.</returns>
    public static Fp16Scope Force32<T1, T2>(IFp16Switchable module, ref T1 first, ref T2 second)
    {
        Fp16Scope scope = Fp16Scope.Full(module, first, second);
        (first, second) = (scope.Cast(first), scope.Cast(second));
        return scope.Begin();
    }

    /// <summary>Computes in float32 to the end of the method, and casts inputs of the lower precision to it.</summary>
    /// <typeparam name="T1">The type of the first input.</typeparam>
    /// <typeparam name="T2">The type of the second input.</typeparam>
    /// <typeparam name="T3">The type of the third input.</typeparam>
    /// <param name="module">The module whose method it is.</param>
    /// <param name="first">The first input to be cast.</param>
    /// <param name="second">The second input to be cast.</param>
    /// <param name="third">The third input to be cast.</param>
    /// <returns>The scope, to be disposed at the end of the method.</returns>
    public static Fp16Scope Force32<T1, T2, T3>(IFp16Switchable module, ref T1 first, ref T2 second, ref T3 third)
    {
        Fp16Scope scope = Fp16Scope.Full(module, first, second, third);
        (first, second, third) = (scope.Cast(first), scope.Cast(second), scope.Cast(third));
        return scope.Begin();
    }

    /// <summary>Computes in float32 to the end of the method, and casts inputs of the lower precision to it.</summary>
    /// <typeparam name="T1">The type of the first input.</typeparam>
    /// <typeparam name="T2">The type of the second input.</typeparam>
    /// <typeparam name="T3">The type of the third input.</typeparam>
    /// <typeparam name="T4">The type of the fourth input.</typeparam>
    /// <param name="module">The module whose method it is.</param>
    /// <param name="first">The first input to be cast.</param>
    /// <param name="second">The second input to be cast.</param>
    /// <param name="third">The third input to be cast.</param>
    /// <param name="fourth">The fourth input to be cast.</param>
    /// <returns>The scope, to be disposed at the end of the method.</returns>
    public static Fp16Scope Force32<T1, T2, T3, T4>(IFp16Switchable module, ref T1 first, ref T2 second, ref T3 third, ref T4 fourth)
    {
        Fp16Scope scope = Fp16Scope.Full(module, first, second, third, fourth);
        (first, second, third, fourth) = (scope.Cast(first), scope.Cast(second), scope.Cast(third), scope.Cast(fourth));
        return scope.Begin();
    }
}
