namespace Compat.Legacy;

/// <content>MMCV <c>auto_fp16</c>, for up to four inputs to be cast.</content>
public static partial class Fp16
{
    /// <summary>Computes in the lower precision to the end of the method, and casts no input.</summary>
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
}
