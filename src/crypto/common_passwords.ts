/**
 * Words that common passwords of twelve characters and more are made of, in French and in English: lower case, no
 * accents. A word that contains another stands before it.
 */
export const COMMON_WORDS: readonly string[] = `
  administrateur administration administrator utilisateur
  laissemoientrer motdepasse changezmoi changeme passphrase password passwort
  princesse princess superman spiderman batman starwars pokemon minecraft
  football basketball baseball marseille olympique liverpool chelsea arsenal
  chouchou doudou loulou bonjour soleil jetaime iloveyou sunshine
  welcome bienvenue letmein trustno dragon monkey shadow master
  alexandre nicolas michael michelle charlotte caroline isabelle
  secret sesame ouvretoi computer internet ordinateur
  admin root user test guest login default demo temporaire
  hopital hospital clinique clinic cabinet medical medecine medecin
  docteur doctor infirmiere infirmier nurse secretariat secretaire
  patient sante health doliprane
  printemps automne hiver summer winter spring autumn
  janvier fevrier juillet septembre octobre novembre decembre
  france paris love hello pass word
`.trim().split(/\s+/);

/** Rows of keyboards, the alphabet and the digits: four in a row, either way, are as easy to guess as a word. */
export const COMMON_ROWS: readonly string[] = [
  "abcdefghijklmnopqrstuvwxyz",
  "01234567890",
  "azertyuiop",
  "qsdfghjklm",
  "wxcvbn",
  "qwertyuiop",
  "asdfghjkl",
  "zxcvbnm",
  "qwertzuiop",
];
